//! The switches a test writes into a package as `model/double.json`.

use serde::{Deserialize, Serialize};

/// The options of one package. A missing file means all defaults: an app that starts at once and is healthy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the file"
)]
pub struct Options {
    /// The model's identity. Default: the SHA-256 of `metadata.json` and `double.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The schema version the model wants. Default: the model's identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// How long `start` takes after the database was found in step, before the app port opens.
    pub start_delay_millis: u64,
    /// How long a stop takes after the requests in flight were answered.
    pub stop_delay_millis: u64,
    /// SIGTERM and SIGINT do nothing; only `shutdown` and SIGKILL end the process.
    pub ignore_sigterm: bool,
    /// `execute_ddl_commands` fails and leaves the schema as it was.
    pub fail_ddl: bool,
    /// How long `execute_ddl_commands` takes; a process killed within it leaves the schema as it was.
    pub ddl_delay_millis: u64,
    /// How long a follower of a buildpack waits before it tries `start` again. Default: 10,000, as the buildpack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follower_wait_millis: Option<u64>,
    /// The model has its security off: `start` gives 11 when `DTAPMode` is `P`.
    pub security_off: bool,
    /// Constants the model wants beside those of `metadata.json`; `start` gives 4 until each has a value.
    pub missing_constants: Vec<String>,
    /// Users with the password `1`; outside of `DTAPMode` `D` `start` gives 5 until each has another one.
    pub weak_admin_users: Vec<String>,
    /// A result that `start` always ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_result: Option<StartResult>,
    /// What `check_health` says of a running app.
    pub health: Health,
    /// A CRITICAL message is logged when the app runs, and `echo` does not answer `pong` any more.
    pub critical_log: bool,
    /// The admin port takes connections and never answers.
    pub admin_silent: bool,
    /// The process ends with `exitCode` so long after it was launched, without any clean-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash_after_millis: Option<u64>,
    /// The process ends with `exitCode` so long after the app began to run, without any clean-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash_after_running_millis: Option<u64>,
    /// The exit code of a crash. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// The exit code after SIGTERM or SIGINT. Default: 0; a JVM without an entry script ends with 143.
    pub signal_exit_code: u8,
}

/// What the health microflow answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    #[default]
    Healthy,
    Sick,
    Unknown,
    /// The model has no health microflow, and the runtime does not know the action.
    Absent,
}

/// Results of `start` that no setting of ours leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StartResult {
    /// 10
    LicenceInvalid,
    /// 12
    AfterStartupFailed,
    /// 13
    MobileNotInLicence,
}

impl Options {
    /// Reads the options of a package.
    ///
    /// # Errors
    /// No JSON, or an option that does not exist: a misspelt switch must not make a test pass by doing nothing.
    pub fn parse(file: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_its_documented_name() {
        let options = Options::parse(
            br#"{"model": "A", "schema": "1", "startDelayMillis": 1, "stopDelayMillis": 2, "ignoreSigterm": true,
                "failDdl": true, "ddlDelayMillis": 3, "followerWaitMillis": 7, "securityOff": true, "missingConstants": ["M.C"],
                "weakAdminUsers": ["MxAdmin"], "startResult": "afterStartupFailed", "health": "sick",
                "criticalLog": true, "adminSilent": true, "crashAfterMillis": 4, "crashAfterRunningMillis": 5,
                "exitCode": 6, "signalExitCode": 143}"#,
        )
        .unwrap();
        assert_eq!(options.model.as_deref(), Some("A"));
        assert_eq!(options.health, Health::Sick);
        assert_eq!(options.crash_after_running_millis, Some(5));
        let written = serde_json::to_vec(&options).unwrap();
        assert_eq!(Options::parse(&written).unwrap(), options);
    }

    #[test]
    fn an_unknown_option_is_named() {
        let error = Options::parse(br#"{"startDelay": 1}"#).unwrap_err();
        assert!(error.to_string().contains("startDelay"), "{error}");
    }

    #[test]
    fn an_empty_file_of_options_is_all_defaults() {
        assert_eq!(Options::parse(b"{}").unwrap(), Options::default());
    }
}
