use super::*;
use crate::runtime::input;
use crate::runtime::plan::Writes;
use crate::runtime::plan::tests::{observed, of, plan, runtime, settled};
use mendix_model::crd::environment::{Refresh, Restart, Undo};
use mendix_model::crd::{Environment, EnvironmentSpec};
use mendix_model::names::Role;
use rstest::rstest;

/// With an environment of which somebody intends this.
fn intending(spec: EnvironmentSpec) -> Observed {
    Observed {
        environment: Some(Environment::new("shop", spec)),
        ..observed()
    }
}

#[test]
fn a_stopped_app_keeps_its_settings_and_has_no_pods() {
    let observed = intending(EnvironmentSpec {
        stopped: Some(true),
        ..EnvironmentSpec::default()
    });
    let intended = intended(&runtime(), &observed);
    assert_eq!((intended.spec.replicas, runtime().spec.replicas), (0, 2));
    assert_eq!(
        input::hash(&intended, &observed, Role::Leader),
        input::hash(&runtime(), &observed, Role::Leader)
    );
}

#[rstest]
#[case::the_model_that_is_asked_for("one", "zero")]
#[case::another_by_now("earlier", "one")]
fn a_way_back_is_taken_from_the_model_that_it_was_said_of(#[case] from: &str, #[case] expected: &str) {
    let observed = intending(EnvironmentSpec {
        undo: Some(Undo {
            id: "1".to_owned(),
            from: from.to_owned(),
            model: "zero".to_owned(),
            image: "registry/shop@sha256:0".to_owned(),
            command: None,
        }),
        ..EnvironmentSpec::default()
    });
    let intended = intended(&runtime(), &observed);
    assert_eq!(intended.spec.model, expected);
    let environment = plan(&intended, &observed)
        .writes
        .environment
        .expect("an environment");
    assert_eq!(
        environment.spec.model.as_deref(),
        Some(expected),
        "the gate is told the same"
    );
}

#[test]
fn in_a_pause_nothing_changes_and_that_is_told() {
    let observed = intending(EnvironmentSpec {
        paused: Some(true),
        ..EnvironmentSpec::default()
    });
    let plan = plan(&runtime(), &observed);
    assert_eq!(plan.writes, Writes::default());
    assert!(plan.report.progress.word().contains("kubectl mendix resume"));
}

#[test]
fn a_restart_makes_other_pods_of_the_same_settings() {
    let restarted = |id: &str| {
        intending(EnvironmentSpec {
            restart: Some(Restart { id: id.to_owned() }),
            ..EnvironmentSpec::default()
        })
    };
    let hash = |observed: &Observed| input::hash(&runtime(), observed, Role::Worker);
    let (once, again) = (restarted("1"), restarted("2"));
    assert_eq!(hash(&once), hash(&restarted("1")));
    assert_ne!(hash(&once), hash(&again));
    let template = |observed: &Observed| {
        let plan = plan(&runtime(), observed);
        let leader = plan.writes.deployments.into_iter().next().expect("a Deployment");
        leader
            .spec
            .expect("a spec")
            .template
            .metadata
            .expect("metadata")
            .annotations
    };
    assert_ne!(template(&once), template(&again));
}

/// The image of the guard, which comes with the release, in the leader's template.
fn guard(observed: &Observed) -> Option<String> {
    let plan = plan(&runtime(), observed);
    let leader = of(&plan, "shop-master").cloned()?;
    let pod = leader.spec?.template.spec?;
    pod.init_containers?.first()?.image.clone()
}

#[test]
fn the_defaults_of_another_release_wait_until_somebody_wants_them() {
    let refreshed = |before: Observed, id: &str| Observed {
        environment: intending(EnvironmentSpec {
            refresh: Some(Refresh { id: id.to_owned() }),
            ..EnvironmentSpec::default()
        })
        .environment,
        ..before
    };
    let mut runtime = runtime();
    let upgraded = Observed {
        image: "mendix:2".to_owned(),
        ..settled(&mut runtime)
    };
    assert_eq!(guard(&upgraded).as_deref(), Some("mendix:1"));
    let worker = plan(&runtime, &refreshed(upgraded, "1"));
    let worker = serde_json::to_string(&of(&worker, "shop-worker")).expect("json");
    assert!(worker.contains("mendix:2"), "{worker}");
}

#[test]
fn where_the_defaults_are_the_same_nothing_is_replaced() {
    let mut runtime = runtime();
    let now = settled(&mut runtime);
    let before = plan(&runtime, &now);
    let refresh = Some(Refresh { id: "1".to_owned() });
    let environment = intending(EnvironmentSpec {
        refresh,
        ..EnvironmentSpec::default()
    })
    .environment;
    let after = plan(&runtime, &Observed { environment, ..now });
    assert_eq!(after.writes, before.writes);
    assert_eq!(after.report.status.wanted, before.report.status.wanted);
}
