//! What the results of `start` mean, in words: what failed and what to do.
//!
//! Source of the codes: m2ee-tools, `client_errno.py`.

use crate::admin::Reply;
use serde_json::Value;
use std::fmt;

/// Why the model could not be started.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    /// Result of the action that failed; none when there was no answer.
    pub(crate) code: Option<i64>,
    /// One word, for machines.
    pub(crate) reason: &'static str,
    /// What failed, with the runtime's own words.
    pub(crate) sentence: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}. {}", self.sentence, self.remedy)
    }
}

/// Reason of a failure that may only be the first sign of the child's end.
const LOST: &str = "AdminPortLost";

impl Failure {
    /// The admin port never answered.
    pub(crate) fn silent(seconds: u64) -> Self {
        Self::without_code(
            "AdminPortSilent",
            format!("The admin port of the runtime did not answer for {seconds} s"),
            "See the log for what the runtime does; give it more CPU in resources.limits if it is only slow, and make \
             sure that MENDIX_COMMAND starts a Mendix Runtime.",
        )
    }

    /// The admin port answered before and does not any more.
    pub(crate) fn lost(action: &str, problem: &str) -> Self {
        Self::without_code(
            LOST,
            format!("The admin port of the runtime gave no answer to {action}: {problem}"),
            "See the log for what the runtime did before; out of memory is the usual cause, then raise \
             resources.limits.memory.",
        )
    }

    /// Whether the child may have ended, which says more.
    pub(crate) fn is_lost(&self) -> bool {
        self.reason == LOST
    }

    /// The admin port does not take the password.
    pub(crate) fn forbidden() -> Self {
        Self {
            code: Some(crate::admin::FORBIDDEN),
            ..Self::without_code(
                "AdminPasswordRefused",
                "The admin port of the runtime refused the admin password".to_owned(),
                "Guard and runtime read it from the same variable M2EE_ADMIN_PASS: remove what sets another one for the \
                 runtime, in the image or in environmentVariables.",
            )
        }
    }

    /// An action other than `start` was refused.
    pub(crate) fn refused(action: &str, reply: &Reply) -> Self {
        let (reason, remedy) = match action {
            "get_ddl_commands" | "execute_ddl_commands" => (
                "SynchronisationFailed",
                "The database stays as the failed statement left it. Mend what the runtime names (rights of the role, \
                 data that does not fit the new model, space), then the next start goes on; or restore a backup and go back.",
            ),
            _ => (
                "ConfigurationRefused",
                "Mend the setting that the runtime names, in runtime.customConfiguration or runtime.jettyOptions.",
            ),
        };
        let sentence = format!("The runtime refused {action} with result {}", reply.result);
        Self {
            code: Some(reply.result),
            reason,
            sentence: told(sentence, reply),
            remedy: remedy.to_owned(),
        }
    }

    fn without_code(reason: &'static str, sentence: String, remedy: &str) -> Self {
        Self {
            code: None,
            reason,
            sentence,
            remedy: remedy.to_owned(),
        }
    }
}

/// What a result of `start` other than 0 means.
pub(crate) fn remedy(reply: &Reply) -> Failure {
    let (reason, sentence, remedy) = meaning(reply.result);
    let (sentence, remedy) = match (reply.result, named(&reply.feedback)) {
        (4, Some(names)) => (format!("{sentence}: {names}"), remedy),
        (5, Some(users)) => (format!("{sentence} ({users})"), remedy),
        _ => (sentence.to_owned(), remedy),
    };
    let sentence = format!(
        "The model could not be started (result {}): {sentence}",
        reply.result
    );
    Failure {
        code: Some(reply.result),
        reason,
        sentence: told(sentence, reply),
        remedy: remedy.to_owned(),
    }
}

/// Reason, what failed, what to do.
fn meaning(code: i64) -> (&'static str, &'static str, &'static str) {
    match code {
        2 => (
            "DatabaseMissing",
            "the database does not exist, and the runtime was not able to make it",
            "Make the database, or mend its name in the Secret of the environment's database.",
        ),
        3 => (
            "SchemaDiffers",
            "the database still does not fit the model after it was synchronised",
            "See the log for the statements that had no effect; restore a backup if the database belongs to another model.",
        ),
        4 => (
            "ConstantMissing",
            "constants of the model have no value",
            "Set them in runtime.microflowConstants, or give them a default value in the model.",
        ),
        5 => (
            "UnsafePassword",
            "an administrator of the app still has the password 1",
            "Set runtime.mxAdminPassword; the leader gives it to these users at its next start.",
        ),
        6 => (
            "InvalidState",
            "the runtime is in a state in which no model can be started",
            "The container starts again by itself; if this stays, remove what starts the model beside the guard.",
        ),
        7 => (
            "DtapModeMissing",
            "DTAPMode is not set",
            "Set runtime.dtapMode to P, or to D while the app is developed.",
        ),
        _ => later_meaning(code),
    }
}

fn later_meaning(code: i64) -> (&'static str, &'static str, &'static str) {
    match code {
        8 => (
            "BasePathMissing",
            "the runtime does not know the folder of the app",
            "Remove BasePath from runtime.customConfiguration, and make sure that MX_INSTALL_PATH of the image is right.",
        ),
        9 => (
            "RuntimePathMissing",
            "the runtime does not know its own folder",
            "Remove RuntimePath from runtime.customConfiguration, and make sure that MX_INSTALL_PATH of the image is right.",
        ),
        10 => (
            "LicenceInvalid",
            "the licence is not valid",
            "Set runtime.runtimeLicense to a licence of this environment, or remove it to run within the limits of a trial.",
        ),
        11 => (
            "SecurityOff",
            "the security of the app is off, which production does not allow",
            "Switch security on in the model and build it again, or set runtime.dtapMode to D if this is no production.",
        ),
        12 => (
            "AfterStartupFailed",
            "the after-startup microflow failed",
            "See the log for its error; mend the microflow, or what it needs (constants, services it calls).",
        ),
        13 => (
            "MobileNotLicensed",
            "the licence does not cover mobile use",
            "Set runtime.runtimeLicense to a licence that does, or remove the mobile profiles from the model.",
        ),
        _ => (
            "StartFailed",
            "the runtime gave a result that is not documented",
            "See the log of the runtime.",
        ),
    }
}

/// The runtime's own words behind ours.
fn told(sentence: String, reply: &Reply) -> String {
    let clean = |text: &str| text.trim().trim_end_matches('.').to_owned();
    let own: Vec<String> = [&reply.message, &reply.cause]
        .into_iter()
        .flatten()
        .map(|text| clean(text))
        .filter(|text| !text.is_empty())
        .collect();
    if own.is_empty() {
        sentence
    } else {
        format!("{sentence}; the runtime says: {}", own.join(", caused by: "))
    }
}

/// The names in feedback, whatever key they stand under: that is not documented for all versions.
fn named(feedback: &Value) -> Option<String> {
    let names: Vec<&str> = feedback.as_object()?.values().flat_map(texts).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The texts in a value.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn reply(result: i64, feedback: Value, message: &str) -> Reply {
        Reply {
            result,
            feedback,
            message: Some(message.to_owned()),
            cause: None,
        }
    }

    #[rstest]
    #[case(2, "DatabaseMissing", "Make the database")]
    #[case(3, "SchemaDiffers", "restore a backup")]
    #[case(4, "ConstantMissing", "runtime.microflowConstants")]
    #[case(5, "UnsafePassword", "runtime.mxAdminPassword")]
    #[case(6, "InvalidState", "beside the guard")]
    #[case(7, "DtapModeMissing", "runtime.dtapMode")]
    #[case(8, "BasePathMissing", "BasePath")]
    #[case(9, "RuntimePathMissing", "RuntimePath")]
    #[case(10, "LicenceInvalid", "runtime.runtimeLicense")]
    #[case(11, "SecurityOff", "dtapMode to D")]
    #[case(12, "AfterStartupFailed", "mend the microflow")]
    #[case(13, "MobileNotLicensed", "mobile profiles")]
    #[case(99, "StartFailed", "log of the runtime")]
    fn every_result_has_a_reason_and_a_remedy(#[case] code: i64, #[case] reason: &str, #[case] words: &str) {
        let failure = remedy(&reply(code, Value::Null, "its own words."));
        assert_eq!((failure.code, failure.reason), (Some(code), reason));
        assert!(failure.remedy.contains(words), "{failure}");
        assert!(
            failure.to_string().contains(&format!("(result {code})")),
            "{failure}"
        );
        assert!(
            failure.to_string().contains("the runtime says: its own words. "),
            "{failure}"
        );
    }

    #[rstest]
    #[case::list(json!({"missing": ["A.B", "A.C"]}), "have no value: A.B, A.C")]
    #[case::text(json!({"constant": "A.B"}), "have no value: A.B")]
    #[case::none(json!({}), "have no value; the runtime says")]
    fn missing_constants_are_named_when_the_runtime_names_them(#[case] feedback: Value, #[case] words: &str) {
        let failure = remedy(&reply(4, feedback, "missing"));
        assert!(failure.sentence.contains(words), "{failure}");
    }

    #[test]
    fn a_failed_synchronisation_says_what_becomes_of_the_database() {
        let failure = Failure::refused(
            "execute_ddl_commands",
            &reply(1, Value::Null, "permission denied"),
        );
        assert_eq!(failure.reason, "SynchronisationFailed");
        assert!(
            failure
                .to_string()
                .contains("permission denied. The database stays"),
            "{failure}"
        );
    }
}
