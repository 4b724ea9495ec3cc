//! What is written into workloads so that they run another image. Pure.

use super::Reference;
use crate::failure::Failure;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use mendix_model::manifest::of_app;
use mendix_model::names;
use serde_json::{Value, json};

/// Another image for one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The workload.
    pub workload: Reference,
    /// Environment that it is of.
    pub environment: String,
    /// A strategic merge patch; nothing where it has the image already.
    pub patch: Option<Value>,
}

/// The changes, in the order in which they are written: the leader's comes last, since it decides which model is wanted.
///
/// # Errors
/// A workload is not one of the environment's, or it is not clear which of its containers runs the app.
pub fn changes(
    leader: (&Reference, &PodTemplateSpec),
    workers: &[(&Reference, PodTemplateSpec)],
    image: &str,
) -> Result<Vec<Change>, Failure> {
    let last = change(leader.0, leader.1, &["leader", "ordinal", "peer"], image)?;
    let mut all = Vec::new();
    for (reference, template) in workers {
        let change = change(reference, template, &["worker"], image)?;
        if change.environment != last.environment {
            return Err(Failure::usage(format!(
                "{reference} is of environment {}, and {} of environment {}",
                change.environment, leader.0, last.environment
            )));
        }
        all.push(change);
    }
    all.push(last);
    Ok(all)
}

fn change(
    reference: &Reference,
    template: &PodTemplateSpec,
    roles: &[&str],
    image: &str,
) -> Result<Change, Failure> {
    let metadata = template.metadata.as_ref();
    let label = |name: &str| metadata.and_then(|it| it.labels.as_ref()?.get(name));
    let (environment, role) = (label(names::ENVIRONMENT_LABEL), label(names::ROLE_LABEL));
    let Some(environment) = environment else {
        return Err(unlabelled(reference));
    };
    if !role.is_some_and(|role| roles.contains(&role.as_str())) {
        return Err(Failure::usage(format!(
            "{reference} has label {}: {}, and is to be one of: {}",
            names::ROLE_LABEL,
            role.map_or("none", String::as_str),
            roles.join(", ")
        )));
    }
    let annotations = metadata.and_then(|it| it.annotations.as_ref());
    let spec = template.spec.clone().unwrap_or_default();
    let container =
        of_app(annotations, &spec).map_err(|why| Failure::usage(format!("{reference}: {why}")))?;
    let patch = (container.image.as_deref() != Some(image)).then(|| {
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": container.name, "image": image }] } } } })
    });
    Ok(Change {
        workload: reference.clone(),
        environment: environment.clone(),
        patch,
    })
}

fn unlabelled(reference: &Reference) -> Failure {
    Failure::refused(format!(
        "the pods of {reference} have no label {}, so nothing keeps two leaders apart",
        names::ENVIRONMENT_LABEL
    ))
    .hint("kubectl mendix protect --help says which labels a pod template needs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use rstest::rstest;

    fn template(environment: Option<&str>, role: &str, image: &str) -> PodTemplateSpec {
        let mut labels = json!({ "kubectl-mendix.io/role": role });
        if let Some(environment) = environment {
            labels["kubectl-mendix.io/environment"] = json!(environment);
        }
        serde_json::from_value(json!({
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "app", "image": image }] },
        }))
        .expect("a template")
    }

    fn reference(text: &str) -> Reference {
        text.parse().expect("a workload")
    }

    #[test]
    fn workers_are_changed_before_their_leader_and_what_has_the_image_is_left() {
        let (leader, one, two) = (reference("deploy/a"), reference("deploy/b"), reference("sts/c"));
        let workers = [
            (&one, template(Some("shop"), "worker", "shop:1")),
            (&two, template(Some("shop"), "worker", "shop:2")),
        ];
        let all = changes(
            (&leader, &template(Some("shop"), "leader", "shop:1")),
            &workers,
            "shop:2",
        );
        let all = all.expect("changes");
        let names: Vec<_> = all
            .iter()
            .map(|it| (it.workload.name.as_str(), it.patch.is_some()))
            .collect();
        assert_eq!(names, [("b", true), ("c", false), ("a", true)]);
        assert_eq!(
            all[0].patch.as_ref().expect("a patch")["spec"]["template"]["spec"]["containers"],
            json!([{ "name": "app", "image": "shop:2" }])
        );
    }

    #[rstest]
    #[case::no_label(None, "leader", Outcome::Refused)]
    #[case::a_worker(Some("shop"), "worker", Outcome::Usage)]
    fn only_a_guarded_leader_leads(
        #[case] environment: Option<&str>,
        #[case] role: &str,
        #[case] expected: Outcome,
    ) {
        let leader = reference("deploy/a");
        let refused = changes((&leader, &template(environment, role, "shop:1")), &[], "shop:2");
        assert_eq!(refused.expect_err("a refusal").outcome, expected);
    }

    #[test]
    fn workers_of_another_environment_are_a_mistake() {
        let (leader, worker) = (reference("deploy/a"), reference("deploy/b"));
        let workers = [(&worker, template(Some("crm"), "worker", "shop:1"))];
        let refused = changes(
            (&leader, &template(Some("shop"), "leader", "shop:1")),
            &workers,
            "shop:2",
        );
        assert!(refused.expect_err("a refusal").message.contains("crm"));
    }
}
