//! What the admin port answers: HTTP 200 and a result code, also for refusals.

use serde::Serialize;
use serde_json::{Value, json};

/// The negative results of the m2ee admin protocol, for requests that reach no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    RequestNull = -1,
    ContentType = -2,
    Method = -3,
    Forbidden = -4,
    ActionNotFound = -5,
    Read = -6,
}

/// One answer.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Answer {
    /// 0: done. Other numbers depend on the action; negative ones are a [`Code`].
    result: i64,
    feedback: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stacktrace: Option<String>,
}

impl Answer {
    pub(super) fn done() -> Self {
        Self::with(json!({}))
    }

    pub(super) fn with(feedback: Value) -> Self {
        Self {
            result: 0,
            feedback,
            message: None,
            cause: None,
            stacktrace: None,
        }
    }

    pub(super) fn failed(result: i64, message: impl Into<String>) -> Self {
        let message = Some(message.into());
        let stacktrace =
            Some("com.mendix.m2ee.AdminException\n\tat runtime.double(Unknown Source)".to_owned());
        Self {
            result,
            feedback: json!({}),
            message,
            cause: None,
            stacktrace,
        }
    }

    pub(super) fn and_feedback(self, feedback: Value) -> Self {
        Self { feedback, ..self }
    }

    pub(super) fn refused(code: Code, message: impl Into<String>) -> Self {
        Self::failed(code as i64, message)
    }
}
