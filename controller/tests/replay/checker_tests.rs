//! Each rule of the checker finds what breaks it, and nothing in what does not.

use crate::checker::broken;
use crate::moment::{Deployment, Ending, Held, Moment, Running, Written};
use rstest::rstest;

fn process(pod: &str, role: &str, model: &str) -> Running {
    Running {
        pod: pod.to_owned(),
        environment: "shop".to_owned(),
        database: "database-1".to_owned(),
        role: role.to_owned(),
        model: model.to_owned(),
        mode: "assigned".to_owned(),
    }
}

fn running(processes: &[Running]) -> Moment {
    Moment {
        processes: processes.to_vec(),
        schema: vec!["one".to_owned(), "two".to_owned()],
        ..Moment::default()
    }
}

fn asked(wishes: usize, replicas: i64) -> Moment {
    let deployment = Deployment {
        name: "shop-worker".to_owned(),
        replicas,
        ..Deployment::default()
    };
    Moment {
        wishes,
        written: vec![Written::Deployment(deployment)],
        ..Moment::default()
    }
}

fn ends(ending: Ending) -> Moment {
    Moment {
        ends: vec![ending],
        ..Moment::default()
    }
}

fn held(rule: &str, message: &str) -> Moment {
    let held = Held {
        pod: "shop-master-2".to_owned(),
        rule: rule.to_owned(),
        message: message.to_owned(),
    };
    Moment {
        held: vec![held],
        ..Moment::default()
    }
}

fn stalled(told: &str) -> Moment {
    Moment {
        stalled: vec![told.to_owned()],
        ..Moment::default()
    }
}

fn at_work() -> Vec<Running> {
    vec![
        process("shop-master-1", "leader", "two"),
        process("shop-worker-1", "worker", "two"),
    ]
}

fn beside(process: Running) -> Moment {
    running(&[at_work(), vec![process]].concat())
}

fn in_need() -> Ending {
    Ending {
        pod: "shop-worker-1".to_owned(),
        is_current: true,
        present: 2,
        wanted: 2,
        ..Ending::default()
    }
}

#[rstest]
#[case::two_owners(
    vec![beside(Running { environment: "till".to_owned(), ..process("till-worker-1", "worker", "two") })],
    "I1: a database belongs to one environment: 1970-01-01T00:00:00Z database-1 is used by"
)]
#[case::two_leaders(vec![beside(process("shop-master-2", "leader", "two"))], "I2: ")]
#[case::two_models(vec![beside(process("shop-worker-2", "worker", "three"))], "I3: ")]
#[case::two_modes(
    vec![beside(Running { mode: "none".to_owned(), ..process("shop-worker-2", "worker", "two") })], "I3: "
)]
#[case::an_earlier_model(vec![running(&[process("shop-master-1", "leader", "one")])], "I4: ")]
#[case::done_again(vec![asked(1, 2), asked(1, 0), asked(1, 2)], "no step is undone and done again")]
#[case::of_others(
    vec![Moment { written: vec![Written::Others("mendixapps/shop".to_owned())], ..Moment::default() }],
    "what belongs to others"
)]
#[case::in_vain(vec![ends(in_need())], "nothing is ended that need not be")]
#[case::no_rule(vec![held("", "it waits; wait")], "who is held is told why")]
#[case::no_reason(
    vec![held("MX012", "; it opens by itself when the leader is ready")], "who is held is told why"
)]
#[case::no_remedy(vec![held("MX012", "the schema is not known")], "who is held is told why")]
#[case::stands_still(vec![stalled("runtime: pod shop-master-2: ended 3 times: no licence")], "who stands still")]
fn what_breaks_a_rule_is_found(#[case] trace: Vec<Moment>, #[case] said: &str) {
    let found = broken(&trace);
    assert!(found.len() == 1 && found[0].starts_with(said), "{found:#?}");
}

#[rstest]
#[case::at_work(vec![running(&at_work())])]
#[case::the_first_model(vec![Moment { processes: at_work(), ..Moment::default() }])]
#[case::another_database(
    vec![beside(Running { database: "database-2".to_owned(), ..process("till-master-1", "leader", "nine") })]
)]
#[case::written_twice(vec![asked(1, 2), asked(1, 2)])]
#[case::wanted_again(vec![asked(1, 2), asked(1, 0), asked(2, 2)])]
#[case::outdated(vec![ends(Ending { is_current: false, ..in_need() })])]
#[case::one_too_many(vec![ends(Ending { present: 3, ..in_need() })])]
#[case::somebody_else(vec![ends(Ending { is_excused: true, ..in_need() })])]
#[case::held_with_words(vec![held("MX012", "the schema is not known; it opens by itself when the leader is ready")])]
#[case::remedied(vec![stalled("runtime: pod shop-master-2: no licence; deploy a model that is mended")])]
fn what_keeps_the_rules_is_let_pass(#[case] trace: Vec<Moment>) {
    assert_eq!(broken(&trace), Vec::<String>::new());
}
