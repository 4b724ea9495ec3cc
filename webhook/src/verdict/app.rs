//! Apps. Pure.

use super::{Verdict, is_on_its_way_out, keeps_its_spec, value};
use kube::core::{DynamicObject, admission::AdmissionRequest};
use mendix_model::{crd::MendixApp, rules};

pub(super) fn judge(request: &AdmissionRequest<DynamicObject>, object: &DynamicObject) -> Verdict {
    if is_on_its_way_out(object) || keeps_its_spec(request.old_object.as_ref(), object) {
        return Verdict::default();
    }
    match parse(object) {
        Ok(app) => Verdict {
            refusals: rules::review(&app).iter().map(ToString::to_string).collect(),
            ..Verdict::default()
        },
        Err(refusal) => Verdict::refusal(refusal),
    }
}

/// Parsed here and not on the wire: there, a wrong field would look like a broken webhook.
fn parse(object: &DynamicObject) -> Result<MendixApp, String> {
    serde_path_to_error::deserialize(value(object)).map_err(|error| {
        let expectation = without_value(&error.inner().to_string());
        format!("{}: {expectation}", error.path())
    })
}

/// What was expected, without what was found: that may be a password in the wrong place.
fn without_value(message: &str) -> String {
    if message.starts_with("missing field") {
        return message.to_owned();
    }
    message.rsplit_once(", expected ").map_or_else(
        || "has a value that cannot be used".to_owned(),
        |(_, expected)| format!("expected {expected}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Asked, Verdict};
    use super::without_value;
    use crate::known::Objects;
    use kube::core::{DynamicObject, admission::AdmissionRequest};
    use rstest::rstest;
    use serde_json::{Value, json};

    fn judge(request: &AdmissionRequest<DynamicObject>) -> Verdict {
        let asked = Asked {
            request,
            scaled: None,
        };
        super::super::judge(&asked, &Objects::default())
    }

    fn request(object: &Value, old: &Value) -> AdmissionRequest<DynamicObject> {
        serde_json::from_value(json!({
            "uid": "1",
            "kind": {"group": "privatecloud.mendix.com", "version": "v1alpha1", "kind": "MendixApp"},
            "resource": {"group": "privatecloud.mendix.com", "version": "v1alpha1", "resource": "mendixapps"},
            "operation": if old.is_null() { "CREATE" } else { "UPDATE" },
            "userInfo": {},
            "object": object,
            "oldObject": old,
            "dryRun": false,
        }))
        .unwrap()
    }

    fn app(metadata: &Value, spec: &Value) -> Value {
        json!({"apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp", "metadata": metadata, "spec": spec})
    }

    #[test]
    fn rules_of_the_model_refuse() {
        let verdict = judge(&request(
            &app(&json!({"name": "mendix-x"}), &json!({})),
            &Value::Null,
        ));
        assert_eq!(verdict.refusals.len(), 1);
        assert!(
            verdict.refusals[0].starts_with("MX100 metadata.name: "),
            "{verdict:?}"
        );
    }

    #[rstest]
    #[case::deleted(&json!({"name": "mendix-x", "deletionTimestamp": "2026-01-01T00:00:00Z"}), &json!({"replicas": 2}))]
    #[case::same_spec(&json!({"name": "mendix-x", "labels": {"a": "b"}}), &json!({"replicas": 1}))]
    fn a_wrong_app_that_is_there_can_be_labelled_and_deleted(#[case] metadata: &Value, #[case] spec: &Value) {
        let old = app(&json!({"name": "mendix-x"}), &json!({"replicas": 1}));
        assert_eq!(judge(&request(&app(metadata, spec), &old)), Verdict::default());
    }

    #[rstest]
    #[case::number(json!({"replicas": "hunter2"}), "spec.replicas: expected i32")]
    #[case::list(json!({"runtime": {"environmentVariables": "hunter2"}}), "spec.runtime.environmentVariables: expected a sequence")]
    #[case::password(json!({"runtime": {"mxAdminPassword": {"hunter2": 1}}}), "spec.runtime.mxAdminPassword: expected a string")]
    #[case::choice(json!({"runtimeLeaderSelection": "hunter2"}), "spec.runtimeLeaderSelection: expected one of")]
    #[case::missing(json!({"runtime": {"environmentVariables": [{"value": "hunter2"}]}}), "missing field `name`")]
    fn a_field_of_another_form_is_named_without_its_value(#[case] spec: Value, #[case] sentence: &str) {
        let verdict = judge(&request(&app(&json!({"name": "shop"}), &spec), &Value::Null));
        assert_eq!(verdict.refusals.len(), 1, "{verdict:?}");
        assert!(verdict.refusals[0].contains(sentence), "{verdict:?}");
        assert!(!verdict.refusals[0].contains("hunter2"), "{verdict:?}");
    }

    #[rstest]
    #[case::nested(r#"invalid type: string ", expected secret", expected i32"#, "expected i32")]
    #[case::unknown("a message of another kind: secret", "has a value that cannot be used")]
    fn no_value_is_repeated(#[case] message: &str, #[case] shown: &str) {
        assert_eq!(without_value(message), shown);
    }
}
