use super::*;
use rstest::rstest;

fn made(settings: &RuntimeSettings) -> Result<RuntimeConfiguration, Vec<InvalidField>> {
    configuration(&Input {
        settings: Some(settings),
        application_root_url: Some("http://endpoint"),
        ..Input::default()
    })
    .map(|content| content.document)
}

fn custom(text: &str) -> RuntimeSettings {
    RuntimeSettings {
        custom_configuration: Some(text.to_owned()),
        ..RuntimeSettings::default()
    }
}

#[rstest]
#[case::object(r#"{"MicroflowConstants":{"A.B":"1"}}"#)]
#[case::text(r#"{"MicroflowConstants":"{\"A.B\":\"1\"}"}"#)]
fn constants_may_be_an_object_or_its_text(#[case] text: &str) {
    let made = made(&custom(text)).expect("valid");
    assert_eq!(made.constants["A.B"], "1");
    assert!(!made.settings.contains_key("MicroflowConstants"));
}

#[test]
fn microflow_constants_win_over_custom_configuration() {
    let mut settings = custom(r#"{"MicroflowConstants":{"A.B":"1","A.C":"3"}}"#);
    settings.microflow_constants = Some([("A.B".to_owned(), "2".to_owned())].into());
    let made = made(&settings).expect("valid");
    assert_eq!(
        (made.constants["A.B"].as_str(), made.constants["A.C"].as_str()),
        ("2", "3")
    );
}

#[test]
fn an_address_in_custom_configuration_wins_over_the_endpoint() {
    assert_eq!(
        made(&RuntimeSettings::default()).expect("valid").settings["ApplicationRootUrl"],
        "http://endpoint"
    );
    let made = made(&custom(r#"{"ApplicationRootUrl":"https://own"}"#)).expect("valid");
    assert_eq!(made.settings["ApplicationRootUrl"], "https://own");
}

#[test]
fn production_is_the_default() {
    assert_eq!(
        made(&RuntimeSettings::default()).expect("valid").settings["DTAPMode"],
        "P"
    );
    let development = RuntimeSettings {
        dtap_mode: Some("D".into()),
        ..RuntimeSettings::default()
    };
    assert_eq!(made(&development).expect("valid").settings["DTAPMode"], "D");
}

#[test]
fn events_are_named_only_when_specified() {
    let mut settings = RuntimeSettings {
        my_scheduled_events: Some(vec!["A.E".into(), "A.F".into()]),
        ..custom("")
    };
    assert!(
        !made(&settings)
            .expect("valid")
            .settings
            .contains_key("MyScheduledEvents")
    );
    settings.scheduled_event_execution = Some("SPECIFIED".into());
    assert_eq!(
        made(&settings).expect("valid").settings["MyScheduledEvents"],
        "A.E,A.F"
    );
}

#[test]
fn all_problems_are_told_at_once_and_none_shows_a_value() {
    let mut settings = custom("{secret");
    settings.mx_admin_password = Some("secret!".into());
    let problems = made(&settings).expect_err("invalid");
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["runtime.customConfiguration", "runtime.mxAdminPassword"]);
    assert!(
        problems
            .iter()
            .all(|problem| !problem.to_string().contains("secret"))
    );
}

#[test]
fn every_worker_is_told_that_it_is_one() {
    assert_eq!(
        role_settings(Role::Worker)["com.mendix.core.isClusterSlave"],
        "true"
    );
    assert_eq!(
        role_settings(Role::Leader)["com.mendix.core.isClusterSlave"],
        "false"
    );
}

#[rstest]
#[case::whole(Some("1"), Some("k"), true)]
#[case::no_key(Some("1"), None, false)]
#[case::empty(None, None, false)]
#[case::empty_texts(Some(""), Some(""), false)]
fn a_licence_has_id_and_key(#[case] id: Option<&str>, #[case] key: Option<&str>, #[case] expected: bool) {
    let license = RuntimeLicense {
        type_: Some("offline".to_owned()),
        id: id.map(ToOwned::to_owned),
        key: key.map(ToOwned::to_owned),
    };
    let input = Input {
        license: Some(&license),
        ..Input::default()
    };
    assert_eq!(
        configuration(&input).expect("valid").document.license.is_some(),
        expected
    );
}

#[test]
fn an_app_without_the_newer_fields_has_the_document_it_had() {
    let document = serde_json::to_value(made(&RuntimeSettings::default()).expect("valid")).expect("json");
    let expected = serde_json::json!({
        "settings": {"DTAPMode": crate::defaults::DTAP_MODE, "ApplicationRootUrl": "http://endpoint"},
        "constants": {}, "logLevels": {}, "nativeMetrics": false, "terminationGracePeriodSeconds": 0,
    });
    assert_eq!(document, expected);
}

#[test]
fn certificates_that_are_trusted_are_files_and_named() {
    let bundle = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
    let input = Input {
        authorities: Some(bundle),
        ..Input::default()
    };
    let content = configuration(&input).expect("valid");
    assert_eq!(content.document.authorities, ["authority-0.crt"]);
    assert_eq!(content.files["authority-0.crt"], bundle);
}
