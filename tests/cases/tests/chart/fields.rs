//! Every object is one that Kubernetes knows.

use crate::render::{EVERYTHING, objects};
use anyhow::{Result, bail};
use k8s_openapi::{
    api::{
        admissionregistration::v1::{
            MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
            ValidatingWebhookConfiguration,
        },
        apps::v1::Deployment,
        batch::v1::Job,
        coordination::v1::Lease,
        core::v1::{Secret, Service, ServiceAccount},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    },
    serde::{Serialize, de::DeserializeOwned},
};
use serde_json::Value;

/// Parses as `T` and writes again: a field that `T` does not know would get lost.
fn round_trip<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value> {
    Ok(serde_json::to_value(serde_json::from_value::<T>(
        object.clone(),
    )?)?)
}

fn known_fields(object: &Value) -> Result<Value> {
    match object["kind"].as_str().unwrap_or_default() {
        "ClusterRole" => round_trip::<ClusterRole>(object),
        "ClusterRoleBinding" => round_trip::<ClusterRoleBinding>(object),
        "Deployment" => round_trip::<Deployment>(object),
        "Job" => round_trip::<Job>(object),
        "Lease" => round_trip::<Lease>(object),
        "MutatingWebhookConfiguration" => round_trip::<MutatingWebhookConfiguration>(object),
        "NetworkPolicy" => round_trip::<NetworkPolicy>(object),
        "PodDisruptionBudget" => round_trip::<PodDisruptionBudget>(object),
        "Role" => round_trip::<Role>(object),
        "RoleBinding" => round_trip::<RoleBinding>(object),
        "Secret" => round_trip::<Secret>(object),
        "Service" => round_trip::<Service>(object),
        "ServiceAccount" => round_trip::<ServiceAccount>(object),
        "ValidatingAdmissionPolicy" => round_trip::<ValidatingAdmissionPolicy>(object),
        "ValidatingAdmissionPolicyBinding" => round_trip::<ValidatingAdmissionPolicyBinding>(object),
        "ValidatingWebhookConfiguration" => round_trip::<ValidatingWebhookConfiguration>(object),
        kind => bail!("kind {kind} is not in this test's table: add it"),
    }
}

#[test]
fn every_object_has_only_fields_that_kubernetes_knows() {
    for object in objects(EVERYTHING).unwrap() {
        // Compared with the model instead, below: numbers may be written with and without a fraction.
        if object["kind"] != "CustomResourceDefinition" {
            assert_eq!(known_fields(&object).unwrap(), object);
        }
    }
}

#[test]
fn every_object_carries_the_standard_labels() {
    for object in objects(EVERYTHING).unwrap() {
        let labels = &object["metadata"]["labels"];
        assert_eq!(
            labels["app.kubernetes.io/managed-by"], "Helm",
            "{}",
            object["metadata"]
        );
        assert_eq!(
            labels["app.kubernetes.io/instance"], "mendix",
            "{}",
            object["metadata"]
        );
    }
}
