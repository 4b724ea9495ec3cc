//! How pods are born.

use crate::attempt::Wrong;
use crate::fixture::{Fixture, User, pod};
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::PostParams};
use mendix_cases::app::LIMIT;
use mendix_model::names::{COMPONENT_LABEL, ENVIRONMENT_LABEL, ENVIRONMENT_TOLERATION, GATE, ROLE_LABEL};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// Namespaces, with what is said of the whole namespace.
const MANAGED: (&str, Option<&str>) = ("case-gate", None);
const GUARDED: (&str, Option<&str>) = ("case-policies-guarded", Some("enabled"));
const AUDITED: (&str, Option<&str>) = ("case-policies-audited", Some("audit"));
const LEFT: (&str, Option<&str>) = ("case-policies-left", Some("leaving"));
/// Here nothing adds the gate, as before Kubernetes 1.36 with the webhook down.
const BARE: &str = "case-policies-bare";

/// A toleration that has nothing to do with us.
const OTHERS: &str = "example.com/spot";

/// What a pod is born with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Born {
    Labelled,
    /// As a copy whose labels a tool has dropped.
    Annotated,
    /// As a copy whose labels and annotations a tool has dropped.
    Tolerating,
    /// With a toleration of its own.
    LabelledAndTolerating,
    WithGateOfOthers,
    WithGate,
    Mirror,
    /// A pod of ours that runs no app.
    Task(&'static str),
    Plain,
}

const ALL: [Born; 11] = [
    Born::Labelled,
    Born::Annotated,
    Born::Tolerating,
    Born::LabelledAndTolerating,
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
        if !matches!(self, Self::Annotated | Self::Tolerating | Self::Plain) {
            pod["metadata"]["labels"] = json!({ ENVIRONMENT_LABEL: "shop", ROLE_LABEL: "leader" });
        }
        match self {
            Self::Labelled | Self::Plain => {}
            Self::Annotated => pod["metadata"]["annotations"] = json!({ ENVIRONMENT_LABEL: "shop" }),
            Self::Tolerating => {
                pod["spec"]["tolerations"] = json!([{ "key": ENVIRONMENT_TOLERATION, "value": "shop" }]);
            }
            Self::LabelledAndTolerating => pod["spec"]["tolerations"] = json!([{ "key": OTHERS }]),
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
            Self::Labelled
            | Self::Annotated
            | Self::Tolerating
            | Self::LabelledAndTolerating
            | Self::WithGate => &[GATE],
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
        matches!(
            self,
            Self::Labelled
                | Self::Annotated
                | Self::Tolerating
                | Self::LabelledAndTolerating
                | Self::WithGateOfOthers
        )
    }
}

/// A pod that is made in a dry run; or the words by which it is refused.
async fn born(fixture: &Fixture, namespace: &str, born: Born) -> Result<Result<Pod, String>> {
    let pods: Api<Pod> = Api::namespaced(fixture.client(User::Administrator).await?, namespace);
    let parameters = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let mut pod = born.pod();
    pod["metadata"]["namespace"] = namespace.into();
    match pods.create(&parameters, &serde_json::from_value(pod)?).await {
        Ok(pod) => Ok(Ok(pod)),
        Err(kube::Error::Api(status)) => Ok(Err(status.message.clone())),
        Err(error) => Err(error.into()),
    }
}

/// Its gates, ours last.
fn gates(pod: &Pod) -> Vec<&str> {
    let spec = pod.spec.as_ref();
    let gates = spec.and_then(|it| it.scheduling_gates.as_deref());
    let mut names: Vec<_> = gates
        .unwrap_or_default()
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    names.sort_unstable_by_key(|name| *name == GATE);
    names
}

/// Values of the tolerations that have this key.
fn tolerations<'a>(pod: &'a Pod, key: &str) -> Vec<&'a str> {
    let spec = pod.spec.as_ref();
    let all = spec.and_then(|it| it.tolerations.as_deref()).unwrap_or_default();
    all.iter()
        .filter(|it| it.key.as_deref() == Some(key))
        .map(|it| it.value.as_deref().unwrap_or_default())
        .collect()
}

/// Whether a pod has the marks by which a copy of it is known, and still what it brought along.
fn is_marked(pod: &Pod, kind: Born) -> bool {
    let named = pod.metadata.annotations.as_ref();
    let named = named.and_then(|it| it.get(ENVIRONMENT_LABEL)).map(String::as_str);
    named == Some("shop")
        && tolerations(pod, ENVIRONMENT_TOLERATION) == ["shop"]
        && tolerations(pod, OTHERS).len() == usize::from(kind == Born::LabelledAndTolerating)
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
        let pod = born(fixture, namespace, Born::Labelled).await?;
        let right = pod.as_ref().is_ok_and(|pod| gates(pod) == expected);
        Ok(Poll::when(right.then_some(()), || format!("{pod:?}")))
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
            let pod = born(&fixture, name, kind).await?;
            let right = pod.as_ref().is_ok_and(|pod| {
                gates(pod) == kind.gates() && is_marked(pod, kind) == kind.gates().contains(&GATE)
            });
            wrong.unless(right, || format!("{name}, {kind:?}: {pod:?}"));
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
            let pod = born(&fixture, name, kind).await?;
            let right = pod.as_ref().is_ok_and(|pod| gates(pod) == kind.own_gates());
            wrong.unless(right, || format!("{name}, {kind:?}: {pod:?}"));
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
        let pod = born(&fixture, BARE, Born::Labelled).await?;
        Ok(Poll::when(pod.is_err().then_some(()), || format!("{pod:?}")))
    })
    .await?;
    let mut wrong = Wrong::default();
    for kind in ALL {
        let pod = born(&fixture, BARE, kind).await?;
        let right = match &pod {
            Err(words) => kind.needs_gate() && words.contains("MX027: "),
            Ok(pod) => !kind.needs_gate() && gates(pod) == kind.own_gates(),
        };
        wrong.unless(right, || format!("{kind:?}: {pod:?}"));
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
