//! How pods are born.

use crate::attempt::Wrong;
use crate::fixture::{Fixture, User, pod};
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::PostParams};
use mendix_cases::app::LIMIT;
use mendix_model::names::{COMPONENT_LABEL, ENVIRONMENT_LABEL, GATE, ROLE_LABEL};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// Namespaces, with what is said of the whole namespace.
const MANAGED: (&str, Option<&str>) = ("case-gate", None);
const GUARDED: (&str, Option<&str>) = ("case-policies-guarded", Some("enabled"));
const AUDITED: (&str, Option<&str>) = ("case-policies-audited", Some("audit"));
const LEFT: (&str, Option<&str>) = ("case-policies-left", Some("leaving"));
/// Here nothing adds the gate, as before Kubernetes 1.36 with the webhook down.
const BARE: &str = "case-policies-bare";

/// What a pod is born with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Born {
    Labelled,
    /// As a copy whose labels a tool has dropped.
    Annotated,
    WithGateOfOthers,
    WithGate,
    Mirror,
    /// A pod of ours that runs no app.
    Task(&'static str),
    Plain,
}

const ALL: [Born; 9] = [
    Born::Labelled,
    Born::Annotated,
    Born::WithGateOfOthers,
    Born::WithGate,
    Born::Mirror,
    Born::Task("provisioner"),
    Born::Task("builder"),
    Born::Task("puller"),
    Born::Plain,
];

impl Born {
    fn pod(self) -> Value {
        let mut pod = pod("born");
        if !matches!(self, Self::Annotated | Self::Plain) {
            pod["metadata"]["labels"] = json!({ ENVIRONMENT_LABEL: "shop", ROLE_LABEL: "leader" });
        }
        match self {
            Self::Labelled | Self::Plain => {}
            Self::Annotated => pod["metadata"]["annotations"] = json!({ ENVIRONMENT_LABEL: "shop" }),
            Self::WithGateOfOthers => pod["spec"]["schedulingGates"] = json!([{ "name": "queue" }]),
            Self::WithGate => pod["spec"]["schedulingGates"] = json!([{ "name": GATE }]),
            Self::Mirror => {
                pod["metadata"]["annotations"] = json!({ "kubernetes.io/config.mirror": "0123" });
                pod["spec"]["nodeName"] = "nowhere".into();
            }
            Self::Task(component) => pod["metadata"]["labels"][COMPONENT_LABEL] = component.into(),
        }
        pod
    }

    /// Gates with which it is to come out where the gate is added.
    const fn gates(self) -> &'static [&'static str] {
        match self {
            Self::Labelled | Self::Annotated | Self::WithGate => &[GATE],
            Self::WithGateOfOthers => &["queue", GATE],
            Self::Mirror | Self::Task(_) | Self::Plain => &[],
        }
    }

    /// Gates that it brings along.
    const fn own_gates(self) -> &'static [&'static str] {
        match self {
            Self::WithGateOfOthers => &["queue"],
            Self::WithGate => &[GATE],
            _ => &[],
        }
    }

    /// Whether it is refused where nothing adds the gate.
    const fn needs_gate(self) -> bool {
        matches!(self, Self::Labelled | Self::Annotated | Self::WithGateOfOthers)
    }
}

/// Gates of a pod that is made in a dry run; or the words by which it is refused.
async fn born(fixture: &Fixture, namespace: &str, born: Born) -> Result<Result<Vec<String>, String>> {
    let pods: Api<Pod> = Api::namespaced(fixture.client(User::Administrator).await?, namespace);
    let parameters = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let mut pod = born.pod();
    pod["metadata"]["namespace"] = namespace.into();
    match pods.create(&parameters, &serde_json::from_value(pod)?).await {
        Ok(pod) => {
            let gates = pod.spec.and_then(|it| it.scheduling_gates).unwrap_or_default();
            let mut names: Vec<_> = gates.into_iter().map(|it| it.name).collect();
            names.sort_unstable_by_key(|name| name == GATE);
            Ok(Ok(names))
        }
        Err(kube::Error::Api(status)) => Ok(Err(status.message.clone())),
        Err(error) => Err(error.into()),
    }
}

/// A namespace with something said of it.
async fn namespace(fixture: &Fixture, name: &str, guard: Option<&str>) -> Result<()> {
    fixture.product.open_namespace(name).await?;
    if let Some(guard) = guard {
        let label = format!("kubectl-mendix.io/guard={guard}");
        let words = ["label", "namespace", name, &label, "--overwrite"];
        fixture.product.run("kubectl", &words)?;
    }
    Ok(())
}

/// Waits until pods of a namespace are born as its label says.
async fn until(fixture: &Fixture, namespace: &str, expected: &[&str]) -> Result<()> {
    wait_for("the namespace's label to be in force", LIMIT, || async {
        let gates = born(fixture, namespace, Born::Labelled).await?;
        let right = gates.as_ref().is_ok_and(|gates| gates == expected);
        Ok(Poll::when(right.then_some(()), || format!("{gates:?}")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_of_an_environment_are_born_with_the_gate() -> Result<()> {
    let fixture = Fixture::new("birth").await?;
    let mut wrong = Wrong::default();
    for (name, guard) in [MANAGED, GUARDED] {
        namespace(&fixture, name, guard).await?;
        until(&fixture, name, &[GATE]).await?;
        for kind in ALL {
            let gates = born(&fixture, name, kind).await?;
            let right = gates.as_ref().is_ok_and(|gates| gates == kind.gates());
            wrong.unless(right, || format!("{name}, {kind:?}: {gates:?}"));
        }
    }
    wrong.judge()
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_pods_are_born_as_they_are() -> Result<()> {
    let fixture = Fixture::new("elsewhere").await?;
    let mut wrong = Wrong::default();
    for (name, guard) in [AUDITED, LEFT, (crate::fixture::NAMESPACE, None)] {
        namespace(&fixture, name, guard).await?;
        for kind in ALL {
            let gates = born(&fixture, name, kind).await?;
            let right = gates.as_ref().is_ok_and(|gates| gates == kind.own_gates());
            wrong.unless(right, || format!("{name}, {kind:?}: {gates:?}"));
        }
    }
    wrong.judge()
}

/// The rule alone, bound where nothing adds the gate.
#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_adds_the_gate_a_pod_without_it_is_refused() -> Result<()> {
    let fixture = Fixture::new("bare").await?;
    namespace(&fixture, BARE, None).await?;
    bind(&fixture)?;
    wait_for("the rule to be in force", LIMIT, || async {
        let gates = born(&fixture, BARE, Born::Labelled).await?;
        let in_force = gates.is_err();
        Ok(Poll::when(in_force.then_some(()), || format!("{gates:?}")))
    })
    .await?;
    let mut wrong = Wrong::default();
    for kind in ALL {
        let gates = born(&fixture, BARE, kind).await?;
        let right = match &gates {
            Err(words) => kind.needs_gate() && words.contains("MX027: "),
            Ok(gates) => !kind.needs_gate() && gates == kind.own_gates(),
        };
        wrong.unless(right, || format!("{kind:?}: {gates:?}"));
    }
    let words = ["delete", "validatingadmissionpolicybinding", BARE];
    fixture.product.run("kubectl", &words)?;
    wrong.judge()
}

/// Binds the chart's rule to the bare namespace.
fn bind(fixture: &Fixture) -> Result<()> {
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": { "name": BARE },
        "spec": {
            "policyName": "mendix-gate-birth",
            "validationActions": ["Deny"],
            "matchResources": { "namespaceSelector": {
                "matchLabels": { "kubernetes.io/metadata.name": BARE },
            } },
        },
    });
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), binding.to_string())?;
    let path = file.path().to_string_lossy().into_owned();
    fixture
        .product
        .run("kubectl", &["apply", "--server-side", "-f", &path])
        .map(drop)
}
