//! A webhook pair that allows everything and looks at nothing: what any webhook costs. As many replicas as ours, with the
//! same share of the processor, reached the same way.

use super::objects::ASKED;
use crate::{cargo, image};
use anyhow::Result;
use base64::Engine as _;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration as Mutating, ValidatingWebhookConfiguration as Validating,
};
use mendix_cases::Product;
use mendix_tasks::image::{ConfigChanges, Entry, ImageSpec, Platform, write_layer};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};

const NAME: &str = "bench-floor";
const PROGRAM: &str = "idle-webhook";

/// Starts it; answers what puts it in force.
pub(super) async fn install(product: &Product) -> Result<(Validating, Mutating)> {
    product.open_namespace(NAME).await?;
    let host = format!("{NAME}.{NAME}.svc");
    let certified = generate_simple_self_signed(vec![host])?;
    let image = push(product).await?;
    let ours = product.run(
        "kubectl",
        &[
            "get",
            "deployment",
            "mendix-webhook",
            "--namespace",
            mendix_cases::product::RELEASE_NAMESPACE,
            "--output=json",
        ],
    )?;
    let ours: Value = serde_json::from_str(&ours)?;
    for object in [pair(&ours, &image, &certified), service()] {
        product.apply(NAME, &object).await?;
    }
    let wait = [
        "rollout",
        "status",
        "deployment",
        NAME,
        "--namespace",
        NAME,
        "--timeout=2m",
    ];
    product.run("kubectl", &wait)?;
    configurations(&certified)
}

async fn push(product: &Product) -> Result<String> {
    let layers = vec![write_layer([Entry::file(
        PROGRAM,
        0o775,
        cargo::static_binary(PROGRAM)?,
    )])?];
    let target = format!("{}/bench/{PROGRAM}:bench", product.cluster.registry());
    let spec = |target| ImageSpec {
        target,
        base: None,
        layers,
        config: ConfigChanges {
            entrypoint: Some(vec![format!("/{PROGRAM}")]),
            user: Some("65532:0".to_owned()),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    };
    image::push_spec(&target, false, spec).await
}

/// Our Deployment with another image.
fn pair(ours: &Value, image: &str, certified: &CertifiedKey<rcgen::KeyPair>) -> Value {
    let labels = json!({ "app": NAME });
    let container = &ours["spec"]["template"]["spec"]["containers"][0];
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": NAME },
        "spec": {
            "replicas": ours["spec"]["replicas"], "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": {
                "securityContext": ours["spec"]["template"]["spec"]["securityContext"],
                "containers": [{
                    "name": "webhook", "image": image,
                    "resources": container["resources"], "securityContext": container["securityContext"],
                    "readinessProbe": { "tcpSocket": { "port": 8443 }, "periodSeconds": 1 },
                    "env": [
                        { "name": "CERTIFICATE", "value": certified.cert.pem() },
                        { "name": "KEY", "value": certified.signing_key.serialize_pem() },
                    ],
                }],
            } },
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": NAME },
        "spec": { "selector": { "app": NAME }, "ports": [{ "port": 443, "targetPort": 8443 }] },
    })
}

/// Asked about the same objects as ours may be: where the API server adds the gate to pods, ours is not asked about them.
fn configurations(certified: &CertifiedKey<rcgen::KeyPair>) -> Result<(Validating, Mutating)> {
    let authority = certified.cert.pem();
    let all = [
        webhook(&authority, "workloads", "apps", "deployments"),
        webhook(&authority, "pods", "", "pods"),
    ];
    let configuration = |webhooks: &[Value]| json!({ "metadata": { "name": NAME }, "webhooks": webhooks });
    Ok((
        serde_json::from_value(configuration(&all[..1]))?,
        serde_json::from_value(configuration(&all))?,
    ))
}

fn webhook(authority: &str, name: &str, group: &str, resource: &str) -> Value {
    let authority = base64::engine::general_purpose::STANDARD.encode(authority);
    json!({
        "name": format!("{name}.bench.kubectl-mendix.io"),
        "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5,
        "clientConfig": {
            "service": { "name": NAME, "namespace": NAME, "path": "/", "port": 443 }, "caBundle": authority,
        },
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": ASKED } },
        "rules": [{ "apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource] }],
    })
}
