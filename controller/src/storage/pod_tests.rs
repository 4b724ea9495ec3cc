use crate::configuration;
use crate::storage::observe::Observed;
use crate::storage::plan::plan;
use crate::storage::plan::tests::{deleted, observed};
use kube::ResourceExt;
use mendix_model::crd::OperatorConfigurationSpec;
use serde_json::json;

#[test]
#[expect(clippy::too_many_lines, reason = "the object as a whole is what is held")]
fn the_task_pod_fits_into_level_restricted() {
    let pod = plan(&deleted(Some("shop-database")), &observed())
        .create
        .expect("pod");
    insta::assert_yaml_snapshot!(pod, @r#"
    apiVersion: v1
    kind: Pod
    metadata:
      annotations:
        kubectl-mendix.io/input: uid-shop-database
      labels:
        kubectl-mendix.io/component: provisioner
        kubectl-mendix.io/environment: shop
        kubectl-mendix.io/storage-instance: shop-database
        privatecloud.mendix.com/app: shop
      name: shop-database-deprovision
      namespace: prod
    spec:
      containers:
        - args:
            - deprovision
            - postgres
          env:
            - name: MENDIX_ACTION
              value: deprovision
            - name: MENDIX_NAMESPACE
              value: prod
            - name: MENDIX_ENVIRONMENT
              value: shop
            - name: MENDIX_PURPOSE
              value: database
            - name: MENDIX_STORAGE_INSTANCE
              value: shop-database
            - name: MENDIX_STORAGE_INSTANCE_UID
              value: uid-shop-database
            - name: MENDIX_SECRET_NAME
              value: shop-database
          image: "mendix:test"
          name: task
          resources:
            limits:
              cpu: 250m
              ephemeral-storage: 16Mi
              memory: 64Mi
            requests:
              cpu: 10m
              ephemeral-storage: 16Mi
              memory: 16Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
            readOnlyRootFilesystem: true
          volumeMounts:
            - mountPath: /run/mendix/admin
              name: secret-0
              readOnly: true
            - mountPath: /run/mendix/instance
              name: secret-1
              readOnly: true
            - mountPath: /tmp
              name: tmp
              readOnly: false
      enableServiceLinks: false
      restartPolicy: Never
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      serviceAccountName: mendix-storage-provisioner
      volumes:
        - name: secret-0
          secret:
            optional: false
            secretName: admin
        - name: secret-1
          secret:
            optional: true
            secretName: shop-database
        - emptyDir: {}
          name: tmp
    "#);
}

#[test]
fn what_is_for_all_pods_is_on_task_pods_and_trust_and_proxy_are_added() {
    let configuration: OperatorConfigurationSpec = serde_json::from_value(json!({
        "customPodLabels": {"general": {"team": "shop", "kubectl-mendix.io/component": "taken"}},
        "customPodAnnotations": {"general": {"note": "all"}},
        "customPodNodeSelector": {"general": {"pool": "tasks"}},
        "trust": {"customCASecretName": "authorities"},
        "proxy": {"httpProxy": "http://proxy:3128"},
    }))
    .expect("configuration");
    let observed = Observed {
        extras: configuration::pod_extras(&configuration, None),
        ..observed()
    };
    let pod = plan(&deleted(Some("shop-database")), &observed)
        .create
        .expect("pod");
    // Ours stay: nobody may relabel a task.
    let labels = ["team", "kubectl-mendix.io/component"].map(|name| pod.labels()[name].as_str());
    assert_eq!(labels, ["shop", "provisioner"]);
    assert_eq!(pod.annotations()["note"], "all");
    let spec = pod.spec.expect("spec");
    assert_eq!(spec.node_selector.expect("selector")["pool"], "tasks");
    let variables = spec.containers[0].env.clone().expect("variables");
    let value = |name: &str| {
        variables
            .iter()
            .find(|it| it.name == name)
            .and_then(|it| it.value.clone())
    };
    assert_eq!(value("SSL_CERT_DIR").as_deref(), Some("/run/mendix/trust"));
    assert_eq!(
        value("SSL_CERT_FILE").as_deref(),
        Some("/etc/ssl/certs/ca-certificates.crt")
    );
    assert_eq!(value("HTTP_PROXY").as_deref(), Some("http://proxy:3128"));
    assert!(value("NO_PROXY").is_some_and(|it| it.contains(".svc")));
    let volumes = spec.volumes.expect("volumes");
    let mut secrets = volumes.iter().filter_map(|it| it.secret.as_ref());
    let trusted = secrets
        .find(|it| it.secret_name.as_deref() == Some("authorities"))
        .expect("trust");
    let items = trusted.items.as_ref().expect("items");
    assert_eq!(
        (items[0].key.as_str(), items[0].path.as_str()),
        ("custom.crt", "00000000.0")
    );
}
