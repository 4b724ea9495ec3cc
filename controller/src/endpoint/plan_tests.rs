use super::*;
use mendix_model::crd::EndpointSpec;
use mendix_model::crd::common::Tls;
use mendix_model::crd::operator_configuration::{EndpointConfiguration, IngressConfiguration};
use rstest::rstest;
use serde_json::json;

pub(in super::super) fn endpoint(spec: EndpointSpec) -> Endpoint {
    let mut endpoint = Endpoint::new(
        "shop",
        EndpointSpec {
            environment: "shop".to_owned(),
            ..spec
        },
    );
    endpoint.metadata.namespace = Some("prod".to_owned());
    endpoint.metadata.uid = Some("uid-endpoint".to_owned());
    endpoint
}

fn observed(configuration: EndpointConfiguration) -> Observed {
    Observed {
        configuration,
        ..Observed::default()
    }
}

/// A configuration whose endpoint is this.
pub(in super::super) fn configured(endpoint: serde_json::Value) -> Observed {
    observed(serde_json::from_value(endpoint).expect("a configuration"))
}

/// The endpoint of an app with this in its spec.
pub(in super::super) fn of_app(mut spec: serde_json::Value) -> Endpoint {
    spec["environment"] = json!("shop");
    endpoint(serde_json::from_value(spec).expect("a spec"))
}

fn with_ingress(configuration: IngressConfiguration) -> EndpointConfiguration {
    EndpointConfiguration {
        type_: Some(EndpointType::Ingress),
        ingress: Some(configuration),
        ..EndpointConfiguration::default()
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn domain() -> IngressConfiguration {
    IngressConfiguration {
        domain: text("example.com"),
        ..IngressConfiguration::default()
    }
}

fn balanced(address: &serde_json::Value) -> Observed {
    Observed {
        configuration: EndpointConfiguration {
            service_type: text("LoadBalancer"),
            service_ports: Some(vec![80]),
            ..EndpointConfiguration::default()
        },
        service: serde_json::from_value(json!({"status": {"loadBalancer": {"ingress": [address]}}}))
            .expect("service"),
        ..Observed::default()
    }
}

#[rstest]
#[case::in_cluster(
    "",
    observed(EndpointConfiguration::default()),
    Some("http://shop.prod.svc.cluster.local:8080")
)]
#[case::own_host(
    "shop.example.com",
    observed(EndpointConfiguration::default()),
    Some("http://shop.example.com")
)]
#[case::own_host_with_scheme(
    "https://shop.example.com/",
    observed(EndpointConfiguration::default()),
    Some("http://shop.example.com")
)]
#[case::balanced_by_name("", balanced(&json!({"hostname": "lb.example.com"})), Some("http://lb.example.com"))]
#[case::balanced_by_address("", balanced(&json!({"ip": "2001:db8::1"})), Some("http://[2001:db8::1]"))]
#[case::waiting("", balanced(&json!({})), None)]
#[case::generated("", observed(with_ingress(domain())), Some("http://shop.example.com"))]
#[case::tls("", observed(with_ingress(IngressConfiguration { enable_tls: Some(true), ..domain() })), Some("https://shop.example.com"))]
fn the_address_is_found(#[case] app_url: &str, #[case] observed: Observed, #[case] expected: Option<&str>) {
    let spec = EndpointSpec {
        app_url: text(app_url),
        ..EndpointSpec::default()
    };
    let plan = plan(&endpoint(spec), &observed);
    assert_eq!(plan.report.status.app_url.as_deref(), expected);
    assert_eq!(plan.report.progress == Progress::Ready, expected.is_some());
    assert!(plan.service.is_some());
}

#[rstest]
#[case::no_host(
    observed(with_ingress(IngressConfiguration::default())),
    "spec.endpoint.ingress.domain"
)]
#[case::template(
    observed(with_ingress(IngressConfiguration { tls_secret_name: text("{{.Nmae}}"), ..domain() })),
    "unknown placeholder"
)]
fn what_is_wrong_is_told_and_nothing_is_written(#[case] observed: Observed, #[case] said: &str) {
    let plan = plan(&endpoint(EndpointSpec::default()), &observed);
    assert!(
        plan.report.progress.word().contains(said),
        "{:?}",
        plan.report.progress
    );
    assert_eq!((plan.service, plan.fronts), (None, Fronts::default()));
}

#[test]
fn an_app_wins_over_the_configuration() {
    let configuration = IngressConfiguration {
        annotations: Some(
            [("a", "{{.Name}}.{{.Domain}}"), ("b", "configured")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
        ),
        enable_tls: Some(true),
        tls_secret_name: text("{{.Name}}-tls"),
        ingress_class_name: text("nginx"),
        custom_ingress_class_as_annotation: Some(true),
        ..domain()
    };
    let spec = EndpointSpec {
        endpoint_annotations: Some([("b".to_owned(), "own".to_owned())].into()),
        ingress_path: text("/shop"),
        // Written empty by tools that know the field and have no value for it.
        ingress_class_name: Some(String::new()),
        ..EndpointSpec::default()
    };
    let plan = plan(&endpoint(spec), &observed(with_ingress(configuration)));
    insta::assert_yaml_snapshot!(plan.fronts.ingress, @r#"
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      annotations:
        a: shop.example.com
        b: own
        kubernetes.io/ingress.class: nginx
      labels:
        kubectl-mendix.io/environment: shop
        privatecloud.mendix.com/app: shop
      name: shop
      namespace: prod
      ownerReferences:
        - apiVersion: privatecloud.mendix.com/v1alpha1
          blockOwnerDeletion: true
          controller: true
          kind: Endpoint
          name: shop
          uid: uid-endpoint
    spec:
      rules:
        - host: shop.example.com
          http:
            paths:
              - backend:
                  service:
                    name: shop
                    port:
                      number: 8080
                path: /shop
                pathType: ImplementationSpecific
      tls:
        - hosts:
            - shop.example.com
          secretName: shop-tls
    "#);
}

#[test]
fn a_certificate_in_the_app_becomes_a_secret() {
    let tls = Tls {
        enable_tls: Some(true),
        certificate: text("-----BEGIN CERTIFICATE-----"),
        key: text("-----BEGIN EC PRIVATE KEY-----"),
        ..Tls::default()
    };
    let spec = EndpointSpec {
        tls: Some(tls),
        ..EndpointSpec::default()
    };
    let plan = plan(&endpoint(spec), &observed(with_ingress(domain())));
    let secret = plan.tls_secret.expect("secret");
    let ingress = plan
        .fronts
        .ingress
        .and_then(|ingress| ingress.spec)
        .expect("spec");
    assert_eq!(ingress.tls.expect("tls")[0].secret_name, secret.metadata.name);
}

#[test]
fn the_service_leads_to_leader_and_workers() {
    let plan = plan(&endpoint(EndpointSpec::default()), &Observed::default());
    insta::assert_yaml_snapshot!(plan.service, @r#"
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        kubectl-mendix.io/environment: shop
        privatecloud.mendix.com/app: shop
      name: shop
      namespace: prod
      ownerReferences:
        - apiVersion: privatecloud.mendix.com/v1alpha1
          blockOwnerDeletion: true
          controller: true
          kind: Endpoint
          name: shop
          uid: uid-endpoint
    spec:
      ports:
        - appProtocol: http
          name: http
          port: 8080
          protocol: TCP
          targetPort: mendix-app
      selector:
        privatecloud.mendix.com/app: shop
        privatecloud.mendix.com/component: mendix-app
      type: ClusterIP
    "#);
}
