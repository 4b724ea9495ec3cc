//! Values that the chart refuses.

use crate::render::{IMAGE, template};

/// Values that are refused, and a word that the sentence must hold.
const REFUSED: &[(&[&str], &str)] = &[
    (&[], "image.reference is empty"),
    (&["image.reference=mendix"], "image/reference"),
    (&[IMAGE, "image.tag=1"], "additional properties 'tag' not allowed"),
    (
        &[IMAGE, "namespace=team-a"],
        "additional properties 'namespace' not allowed",
    ),
    (&[IMAGE, "namespaces={Team_A}"], "namespaces/0"),
    (&[IMAGE, "controller.replicas=0"], "controller/replicas"),
    (
        &[IMAGE, "controller.resources.limits=null"],
        "controller/resources",
    ),
    (&[IMAGE, "architectures={riscv64}"], "architectures/0"),
    (
        &[IMAGE, "webhook.certificateSecretName=x"],
        "webhook.caBundle is empty",
    ),
    (
        &[IMAGE, "webhook.certManagerCertificate=x"],
        "webhook/certManagerCertificate",
    ),
];

#[test]
fn wrong_values_are_refused_with_a_sentence() {
    for (values, word) in REFUSED {
        let refusal = template(values).expect_err(word).to_string();
        assert!(refusal.contains(word), "{word:?} is not in {refusal:?}");
    }
}
