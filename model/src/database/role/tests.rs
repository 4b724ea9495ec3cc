use super::*;
use rstest::rstest;

const INDEX: &str = "CF_INSTANCE_INDEX";
const SLAVE: &str = "MXRUNTIME_com_mendix_core_isClusterSlave";
const DOTTED: &str = "MXRUNTIME_com.mendix.core.isClusterSlave";
const CUSTOM: &str = "CUSTOM_RUNTIME_SETTINGS";

fn literal<'a>(name: &'a str, value: &'a str) -> Declared<'a> {
    Declared {
        name,
        value: Value::Literal(value),
    }
}

fn elsewhere(name: &str) -> Declared<'_> {
    Declared {
        name,
        value: Value::Elsewhere,
    }
}

#[rstest]
#[case::leader(Role::Leader, vec![literal(INDEX, "0")])]
#[case::leader_said_twice(Role::Leader, vec![literal(INDEX, "0"), literal(SLAVE, "false")])]
#[case::leader_last(Role::Leader, vec![elsewhere(INDEX), literal(INDEX, "1"), literal(INDEX, "0")])]
#[case::leader_settings(Role::Leader, vec![literal(INDEX, "0"), literal(CUSTOM, r#"{"com.mendix.core.isClusterSlave":false}"#)])]
#[case::leader_secret_settings(Role::Leader, vec![literal(INDEX, "0"), elsewhere(CUSTOM), literal(SLAVE, "False")])]
#[case::portable_leader(Role::Leader, vec![elsewhere("RUNTIME_PARAMS_DATABASEHOST")])]
#[case::worker(Role::Worker, vec![literal(INDEX, "1")])]
#[case::worker_of_many(Role::Worker, vec![literal(INDEX, "10")])]
#[case::worker_said_twice(Role::Worker, vec![literal(INDEX, "1"), literal(SLAVE, "TRUE")])]
#[case::worker_other_settings(Role::Worker, vec![literal(INDEX, "1"), literal(CUSTOM, r#"{"SessionTimeout":1}"#)])]
#[case::worker_no_settings(Role::Worker, vec![literal(INDEX, "1"), literal(CUSTOM, "")])]
#[case::worker_settings(Role::Worker, vec![literal(INDEX, "1"), literal(CUSTOM, r#"{"com.mendix.core.isClusterSlave":"true"}"#)])]
#[case::worker_secret_settings(Role::Worker, vec![elsewhere(CUSTOM), literal(INDEX, "1"), literal(SLAVE, "true")])]
#[case::peer(Role::Peer, vec![elsewhere("RUNTIME_PARAMS_DATABASEHOST"), literal("PORT", "8080")])]
#[case::portable_peer_with_url(Role::Peer, vec![elsewhere("DATABASE_URL"), elsewhere("RUNTIME_PARAMS_DATABASEHOST")])]
#[case::peer_of_files(Role::Peer, vec![])]
#[case::unknown(Role::Unknown, vec![])]
fn variables_fit_the_role(#[case] role: Role, #[case] variables: Vec<Declared<'static>>) {
    assert_eq!(contradiction(role, &variables, None), None);
}

#[rstest]
#[case::index_missing(Role::Leader, vec![], INDEX)]
#[case::index_of_a_worker(Role::Leader, vec![literal(INDEX, "1")], INDEX)]
#[case::index_empty(Role::Leader, vec![literal(INDEX, "")], INDEX)]
#[case::index_from_secret(Role::Leader, vec![elsewhere(INDEX)], INDEX)]
#[case::index_overwritten(Role::Leader, vec![literal(INDEX, "0"), elsewhere(INDEX)], INDEX)]
#[case::slave(Role::Leader, vec![literal(INDEX, "0"), literal(SLAVE, "true")], SLAVE)]
#[case::slave_from_secret(Role::Leader, vec![literal(INDEX, "0"), elsewhere(SLAVE)], SLAVE)]
#[case::slave_in_settings(Role::Leader, vec![literal(INDEX, "0"), literal(CUSTOM, r#"{"com.mendix.core.isClusterSlave":true}"#)], CUSTOM)]
#[case::secret_settings(Role::Leader, vec![literal(INDEX, "0"), elsewhere(CUSTOM)], SLAVE)]
#[case::two_kinds(Role::Leader, vec![elsewhere("RUNTIME_PARAMS_DATABASEHOST"), literal(INDEX, "1")], INDEX)]
#[case::worker_without_index(Role::Worker, vec![literal(SLAVE, "true")], INDEX)]
#[case::worker_with_leaders_index(Role::Worker, vec![literal(INDEX, "0")], INDEX)]
#[case::worker_with_old_notation(Role::Worker, vec![literal(INDEX, "00")], INDEX)]
#[case::worker_with_word(Role::Worker, vec![literal(INDEX, "one")], INDEX)]
#[case::worker_with_empty_index(Role::Worker, vec![literal(INDEX, "")], INDEX)]
#[case::worker_index_from_secret(Role::Worker, vec![elsewhere(INDEX)], INDEX)]
#[case::worker_index_overwritten(Role::Worker, vec![literal(INDEX, "1"), literal(INDEX, "0")], INDEX)]
#[case::worker_not_slave(Role::Worker, vec![literal(INDEX, "1"), literal(SLAVE, "false")], SLAVE)]
#[case::worker_dotted(Role::Worker, vec![literal(INDEX, "1"), literal(SLAVE, "true"), literal(DOTTED, "false")], DOTTED)]
#[case::worker_slave_from_secret(Role::Worker, vec![literal(INDEX, "1"), elsewhere(SLAVE)], SLAVE)]
#[case::worker_not_slave_in_settings(
    Role::Worker, vec![literal(INDEX, "1"), literal(CUSTOM, r#"{"com.mendix.core.isClusterSlave":"false"}"#)], CUSTOM
)]
#[case::worker_settings_overwritten(
    Role::Worker, vec![literal(INDEX, "1"), literal(SLAVE, "true"), literal(CUSTOM, r#"{"com.mendix.core.isClusterSlave":0}"#)], CUSTOM
)]
#[case::worker_settings_broken(Role::Worker, vec![literal(INDEX, "1"), literal(CUSTOM, "{")], CUSTOM)]
#[case::worker_secret_settings(Role::Worker, vec![literal(INDEX, "1"), elsewhere(CUSTOM)], SLAVE)]
#[case::portable_worker(Role::Worker, vec![elsewhere("RUNTIME_PARAMS_DATABASEHOST"), literal(INDEX, "1")], "role peer")]
#[case::peer_with_index(Role::Peer, vec![literal(INDEX, "1")], INDEX)]
#[case::peer_with_endpoint(Role::Peer, vec![elsewhere("DATABASE_ENDPOINT")], "DATABASE_ENDPOINT")]
#[case::peer_with_url(Role::Peer, vec![elsewhere("DATABASE_URL")], "DATABASE_URL")]
#[case::peer_with_setting(Role::Peer, vec![literal("MXRUNTIME_SessionTimeout", "1")], "MXRUNTIME_SessionTimeout")]
fn a_contradiction_names_what_to_set(
    #[case] role: Role,
    #[case] variables: Vec<Declared<'static>>,
    #[case] named: &str,
) {
    let sentence = contradiction(role, &variables, None).expect("a contradiction");
    assert!(sentence.contains(named), "{sentence}");
    assert!(
        sentence.contains(": ") && sentence.contains("set") || sentence.contains("correct"),
        "{sentence}"
    );
}

#[rstest]
#[case::first_leads(Role::Leader, 0, vec![], true)]
#[case::others_work(Role::Worker, 3, vec![], true)]
#[case::first_is_no_worker(Role::Worker, 0, vec![], false)]
#[case::others_do_not_lead(Role::Leader, 1, vec![], false)]
#[case::own_host_name(Role::Worker, 1, vec![literal("HOSTNAME", "shop-0")], false)]
#[case::setting(Role::Worker, 1, vec![literal(SLAVE, "false")], false)]
#[case::number_counts_more(Role::Worker, 1, vec![literal(INDEX, "0")], false)]
#[case::number_of_another(Role::Leader, 0, vec![elsewhere(INDEX)], false)]
fn the_host_name_of_a_stateful_set_is_a_number_too(
    #[case] role: Role,
    #[case] ordinal: u32,
    #[case] variables: Vec<Declared<'static>>,
    #[case] fits: bool,
) {
    assert_eq!(contradiction(role, &variables, Some(ordinal)).is_none(), fits);
}

#[test]
fn values_are_not_repeated() {
    for name in [INDEX, SLAVE, CUSTOM] {
        for role in [Role::Leader, Role::Worker] {
            let variables = [literal(INDEX, "5"), literal(name, "MaRk")];
            let sentence = contradiction(role, &variables, None).expect("a contradiction");
            assert!(!sentence.contains("MaRk"), "{sentence}");
        }
    }
}
