//! A small IAM, after the published protocol: IAM API Reference, version 2010-05-08, "Actions", and IAM User Guide,
//! "Calling the IAM API using HTTP query requests", <https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html>.
//!
//! Knows the actions that we use, with the errors that their pages list. Signatures are not computed; their scope is looked
//! at.

use super::server::TestServer;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The service, and what it knows.
pub struct TestIam {
    pub server: TestServer,
    pub users: Arc<Mutex<Users>>,
}

/// Users by name.
#[derive(Default)]
pub struct Users {
    pub known: BTreeMap<String, User>,
    /// What `CreateAccessKey` answers; a key of the store that files are in.
    account: (String, String),
    /// Actions in the order in which they were asked for.
    pub actions: Vec<String>,
    /// The one that is denied.
    pub denied: Option<&'static str>,
}

/// What a user has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct User {
    pub keys: BTreeSet<String>,
    pub policies: BTreeMap<String, String>,
    pub attached: BTreeSet<String>,
}

type Parameters = BTreeMap<String, String>;
/// Content of the result, or status and word of an error.
type Answer = Result<String, (u16, &'static str)>;

/// Most keys that a user may have (IAM User Guide, "IAM and AWS STS quotas").
const MOST_KEYS: usize = 2;

impl TestIam {
    pub async fn start(account: (&str, &str)) -> Self {
        let users = Arc::new(Mutex::new(Users {
            account: (account.0.to_owned(), account.1.to_owned()),
            ..Users::default()
        }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&users));
        Self {
            server: TestServer::start(router).await,
            users,
        }
    }
}

async fn answer(
    State(users): State<Arc<Mutex<Users>>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let parameters: Parameters = url_decoded(&body);
    let action = parameters.get("Action").cloned().unwrap_or_default();
    let outcome = if is_signed(&headers) && parameters.get("Version").is_some_and(|it| it == "2010-05-08") {
        let mut users = users.lock().expect("users");
        users.actions.push(action.clone());
        users.act(&action, &parameters)
    } else {
        Err((403, "IncompleteSignature"))
    };
    let space = "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"";
    match outcome {
        Ok(result) => (
            StatusCode::OK,
            format!("<{action}Response {space}><{action}Result>{result}</{action}Result></{action}Response>"),
        ),
        Err((status, code)) => (
            StatusCode::from_u16(status).expect("status"),
            format!(
                "<ErrorResponse {space}><Error><Type>Sender</Type><Code>{code}</Code><Message>s3cret</Message></Error>\
                 </ErrorResponse>"
            ),
        ),
    }
}

fn is_signed(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let authorization = text("authorization");
    authorization.starts_with("AWS4-HMAC-SHA256 Credential=")
        && authorization.contains("/us-east-1/iam/aws4_request")
        && authorization.contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,")
        && text("content-type") == "application/x-www-form-urlencoded"
}

fn url_decoded(body: &str) -> Parameters {
    let url = reqwest::Url::parse(&format!("http://form/?{body}")).expect("form");
    url.query_pairs().into_owned().collect()
}

impl Users {
    fn act(&mut self, action: &str, parameters: &Parameters) -> Answer {
        if self.denied.is_some_and(|denied| denied == action) {
            return Err((403, "AccessDenied"));
        }
        let name = parameters["UserName"].clone();
        if action == "CreateUser" {
            if self.known.contains_key(&name) {
                return Err((409, "EntityAlreadyExists"));
            }
            self.known.insert(name.clone(), User::default());
            return Ok(format!("<User><UserName>{name}</UserName></User>"));
        }
        let (account, secret) = self.account.clone();
        let user = self.known.get_mut(&name).ok_or((404, "NoSuchEntity"))?;
        match action {
            "PutUserPolicy" => {
                let document = parameters["PolicyDocument"].clone();
                serde_json::from_str::<serde_json::Value>(&document)
                    .map_err(|_| (400, "MalformedPolicyDocument"))?;
                user.policies.insert(parameters["PolicyName"].clone(), document);
            }
            "AttachUserPolicy" if parameters["PolicyArn"].ends_with("/nothing") => {
                return Err((404, "NoSuchEntity"));
            }
            "AttachUserPolicy" => drop(user.attached.insert(parameters["PolicyArn"].clone())),
            "ListAccessKeys" => return Ok(listed(&user.keys)),
            "CreateAccessKey" if user.keys.len() >= MOST_KEYS => return Err((409, "LimitExceeded")),
            "CreateAccessKey" => {
                user.keys.insert(account.clone());
                return Ok(format!(
                    "<AccessKey><UserName>{name}</UserName><AccessKeyId>{account}</AccessKeyId><Status>Active</Status>\
                     <SecretAccessKey>{secret}</SecretAccessKey></AccessKey>"
                ));
            }
            "DeleteAccessKey" if !user.keys.remove(&parameters["AccessKeyId"]) => {
                return Err((404, "NoSuchEntity"));
            }
            "DeleteUserPolicy" if user.policies.remove(&parameters["PolicyName"]).is_none() => {
                return Err((404, "NoSuchEntity"));
            }
            "DetachUserPolicy" if !user.attached.remove(&parameters["PolicyArn"]) => {
                return Err((404, "NoSuchEntity"));
            }
            "DeleteUser" if *user != User::default() => return Err((409, "DeleteConflict")),
            "DeleteUser" => drop(self.known.remove(&name)),
            "DeleteAccessKey" | "DeleteUserPolicy" | "DetachUserPolicy" => {}
            _ => return Err((400, "InvalidAction")),
        }
        Ok(String::new())
    }
}

fn listed(keys: &BTreeSet<String>) -> String {
    let member =
        |key: &String| format!("<member><AccessKeyId>{key}</AccessKeyId><Status>Active</Status></member>");
    let members = keys.iter().map(member).collect::<Vec<_>>().concat();
    format!("<AccessKeyMetadata>{members}</AccessKeyMetadata><IsTruncated>false</IsTruncated>")
}
