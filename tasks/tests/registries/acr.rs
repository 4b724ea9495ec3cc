//! Logins of Azure Container Registry, at a server after the published protocol: Azure/acr, `docs/AAD-OAuth.md`
//! (<https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md>); Azure Container Registry REST API, "Access Tokens - Get From
//! Login"; Microsoft identity platform, "OAuth 2.0 client credentials flow", "Access token request with a federated
//! credential"; "How to use managed identities on an Azure VM to acquire an access token".

use crate::client::{build, file, through};
use crate::support::again::is_client;
use crate::support::registry::start;
use crate::support::vendor::{Asked, Vendor, challenge, json, refusal};
use axum::body::Body;
use axum::http::{Method, Response};
use mendix_tasks::image::Credentials;
use serde_json::json;

const HOST: &str = "shop.azurecr.io";
const ZEROS: &str = "00000000-0000-0000-0000-000000000000";

fn answer(asked: &Asked) -> Option<Response<Body>> {
    let text = |name: &str| asked.query.get(name).map_or("", String::as_str);
    match (asked.host.as_str(), asked.path.as_str()) {
        (_, "/tenant/oauth2/v2.0/token") => Some(entra(asked)),
        (_, "/metadata/identity/oauth2/token") => Some(node(asked)),
        (HOST, "/oauth2/exchange") => Some(exchange(asked)),
        (HOST, "/oauth2/token") => {
            let known = asked.method == Method::GET && asked.is_login(ZEROS, "hunter2-refresh");
            let right = known && text("service") == HOST;
            Some(if right {
                json(&json!({"access_token": format!("hunter2-{}", text("scope"))}))
            } else {
                challenge("Basic")
            })
        }
        (HOST, path) if path != "/v2/" && is_allowed(asked) => None,
        (HOST, _) => Some(challenge(&format!(
            "Bearer realm=\"http://{HOST}/oauth2/token\",service=\"{HOST}\""
        ))),
        (host, path) => panic!("{host}{path}"),
    }
}

/// Writes need a token that was asked for writing.
fn is_allowed(asked: &Asked) -> bool {
    let repository = asked.path.split('/').nth(2).unwrap_or_default();
    let reads = [Method::GET, Method::HEAD].contains(&asked.method);
    let held = asked.header("authorization");
    held == format!("Bearer hunter2-repository:{repository}:pull,push")
        || reads && held == format!("Bearer hunter2-repository:{repository}:pull")
}

fn entra(asked: &Asked) -> Response<Body> {
    let form = asked.form();
    let said = |name: &str| form.get(name).map_or("", String::as_str);
    assert_eq!(
        (said("grant_type"), said("client_id"), said("scope")),
        (
            "client_credentials",
            "client",
            "https://containerregistry.azure.net/.default"
        )
    );
    assert_eq!(
        said("client_assertion_type"),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    if said("client_assertion") == "hunter2-pod" {
        return json(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "hunter2-entra"}));
    }
    let error = json!({"error": "invalid_client", "error_description": "AADSTS700212: hunter2"});
    refusal(401, error.to_string())
}

fn node(asked: &Asked) -> Response<Body> {
    let said = |name: &str| asked.query.get(name).map_or("", String::as_str);
    assert_eq!(
        (said("api-version"), said("resource"), asked.header("metadata")),
        ("2018-02-01", "https://containerregistry.azure.net", "true")
    );
    match said("client_id") {
        "client" => {
            json(&json!({"access_token": "hunter2-entra", "expires_in": "86399", "token_type": "Bearer"}))
        }
        _ => refusal(
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
        ),
    }
}

fn exchange(asked: &Asked) -> Response<Body> {
    let form = asked.form();
    let said = |name: &str| form.get(name).map_or("", String::as_str);
    assert_eq!((said("grant_type"), said("service")), ("access_token", HOST));
    if asked.method == Method::POST && said("access_token") == "hunter2-entra" {
        return json(&json!({"refresh_token": "hunter2-refresh"}));
    }
    refusal(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"hunter2"}]}"#)
}

#[tokio::test]
async fn a_workload_identity_gets_a_login() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let test = "acr::a_workload_identity_gets_a_login";
    let Some(registry) = start().await else { return };
    let vendor = Vendor::before(&registry, answer).await;
    let authority = vendor.server.url("/");
    for (proof, expected) in [
        ("hunter2-pod\n", Ok(())),
        (
            "hunter2-other",
            Err(
                "failed to log in to registry shop.azurecr.io: Microsoft Entra ID refused with HTTP 401 (invalid_client); \
                 look at the federated credential of client client for the service account",
            ),
        ),
    ] {
        let (_file, name) = file(proof);
        let variables = [
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_FEDERATED_TOKEN_FILE", name.as_str()),
            ("AZURE_AUTHORITY_HOST", authority.as_str()),
        ];
        let (built, printed) = through(&vendor, &registry, test, &variables).await;
        match expected {
            Ok(()) => assert!(built && vendor.count("/oauth2/exchange") == 1),
            Err(part) => assert!(!built && printed.contains(part)),
        }
        assert!(!printed.contains("hunter2"));
    }
}

#[tokio::test]
async fn the_identity_of_a_node_gets_a_login() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let test = "acr::the_identity_of_a_node_gets_a_login";
    let Some(registry) = start().await else { return };
    let vendor = Vendor::before(&registry, answer).await;
    let node = vendor.server.url("");
    let known = [
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", node.as_str()),
    ];
    let (built, printed) = through(&vendor, &registry, test, &known).await;
    assert!(built && !printed.contains("hunter2"));
    // Who is nobody reads what is public; this registry has nothing public.
    let (built, printed) = through(&vendor, &registry, test, &known[1..]).await;
    assert!(!built && printed.contains("registry shop.azurecr.io refused it with HTTP 401"));
    assert_eq!(vendor.count("/oauth2/exchange"), 1);
}
