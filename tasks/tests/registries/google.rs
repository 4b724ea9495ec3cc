//! Logins of Google Artifact Registry, at a server after the published protocol: Artifact Registry, "Configure authentication
//! to Artifact Registry for Docker" (<https://cloud.google.com/artifact-registry/docs/docker/authentication>); "Using OAuth 2.0
//! for Server to Server Applications" (<https://developers.google.com/identity/protocols/oauth2/service-account>); Compute
//! Engine, "Authenticate workloads using service accounts".

use crate::client::{build, file, through};
use crate::support::again::is_client;
use crate::support::registry::start;
use crate::support::vendor::{Asked, Vendor, challenge, json, refusal};
use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mendix_tasks::image::Credentials;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const HOST: &str = "europe-docker.pkg.dev";
const NODE: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// Made for this test, and good for nothing.
const KEY: &str = include_str!("google-key.pem");

/// Tokens that the node gave. The registry takes the last eight, so that an old one is one that has ended.
#[derive(Default)]
struct Tokens(AtomicUsize);

impl Tokens {
    fn next(&self, lifetime: u64) -> Value {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        json!({"access_token": format!("hunter2-{number}"), "expires_in": lifetime, "token_type": "Bearer"})
    }

    fn good(&self) -> impl Iterator<Item = String> {
        let last = self.0.load(Ordering::SeqCst);
        (last.saturating_sub(7)..=last).map(|number| format!("hunter2-{number}"))
    }
}

/// `lifetime`: for how long a token is said to be good.
fn answers(lifetime: u64) -> impl Fn(&Asked) -> Option<Response<Body>> {
    let tokens = Tokens::default();
    move |asked| match (asked.host.as_str(), asked.path.as_str()) {
        (_, "/token") if !is_signed(asked) => Some(refusal(
            400,
            r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature: hunter2"}"#,
        )),
        (_, "/token") => Some(json(&tokens.next(lifetime))),
        (_, NODE) => {
            assert_eq!(asked.header("metadata-flavor"), "Google");
            Some(json(&tokens.next(lifetime)))
        }
        (HOST, "/v2/token") => {
            let shown = tokens
                .good()
                .find(|token| asked.is_login("oauth2accesstoken", token));
            Some(shown.map_or_else(|| challenge("Basic"), |token| json(&json!({"token": token}))))
        }
        (HOST, path) if path != "/v2/" && is_good(&tokens, asked) => None,
        (HOST, _) => Some(challenge(&format!(
            "Bearer realm=\"http://{HOST}/v2/token\",service=\"{HOST}\""
        ))),
        (host, path) => panic!("{host}{path}"),
    }
}

fn is_good(tokens: &Tokens, asked: &Asked) -> bool {
    let held = asked.header("authorization");
    tokens.good().any(|token| held == format!("Bearer {token}"))
}

/// Whether a request bears an assertion of the key.
fn is_signed(asked: &Asked) -> bool {
    let form = asked.form();
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form["assertion"].rsplit_once('.').expect("three parts");
    let part = |number: usize| -> Value {
        let text = signed.split('.').nth(number).expect("part");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64")).expect("json")
    };
    let (header, claims) = (part(0), part(1));
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}));
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/cloud-platform");
    assert_eq!(claims["aud"], format!("http://{}/token", asked.host));
    let lifetime = claims["exp"].as_u64().expect("exp") - claims["iat"].as_u64().expect("iat");
    assert_eq!(lifetime, 3600);
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).expect("key");
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("key");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref().to_vec());
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
    public.verify(signed.as_bytes(), &signature).is_ok() && claims["iss"] == "builder@project.example"
}

#[tokio::test]
async fn a_key_of_a_service_account_gets_a_login() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let test = "google::a_key_of_a_service_account_gets_a_login";
    let Some(registry) = start().await else { return };
    let vendor = Vendor::before(&registry, answers(3599)).await;
    let key = |email: &str| {
        let content = json!({"type": "service_account", "client_email": email, "private_key_id": "key-1",
            "private_key": KEY, "token_uri": vendor.server.url("/token")});
        file(&content.to_string())
    };
    let (_right, right) = key("builder@project.example");
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", right.as_str())];
    let (built, printed) = through(&vendor, &registry, test, &variables).await;
    assert!(built && vendor.count("/token") == 1 && !printed.contains("hunter2"));

    let (_other, other) = key("other@project.example");
    let (_user, user) = file(r#"{"type": "authorized_user", "refresh_token": "hunter2"}"#);
    let (_broken, broken) = file("hunter2");
    for (name, part) in [
        (
            other.as_str(),
            "Google refused with HTTP 400 (invalid_grant); look whether the key of other@project.example is still valid",
        ),
        (
            user.as_str(),
            "is no key of a service account; mount a key of a service account",
        ),
        (broken.as_str(), "is no JSON file of a credential; mount"),
        (
            "/nowhere.json",
            "/nowhere.json cannot be read (No such file or directory",
        ),
    ] {
        let variables = [("GOOGLE_APPLICATION_CREDENTIALS", name)];
        let (built, printed) = through(&vendor, &registry, test, &variables).await;
        assert!(!built && printed.contains(part) && !printed.contains("hunter2"));
    }
}

#[tokio::test]
async fn a_vendor_that_is_busy_is_asked_again() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let Some(registry) = start().await else { return };
    let (usual, busy) = (answers(3599), AtomicUsize::new(2));
    let vendor = Vendor::before(&registry, move |asked| {
        let is_busy = |left: usize| left.checked_sub(1);
        let asks = asked.path == "/token";
        if asks
            && busy
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_busy)
                .is_ok()
        {
            return Some(refusal(500, "<html>hunter2</html>"));
        }
        usual(asked)
    })
    .await;
    let content = json!({"type": "service_account", "client_email": "builder@project.example",
        "private_key_id": "key-1", "private_key": KEY, "token_uri": vendor.server.url("/token")});
    let (_file, name) = file(&content.to_string());
    let test = "google::a_vendor_that_is_busy_is_asked_again";
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", name.as_str())];
    let (built, printed) = through(&vendor, &registry, test, &variables).await;
    assert!(built && vendor.count("/token") == 3 && !printed.contains("hunter2"));
}

#[tokio::test]
async fn a_login_that_ends_soon_is_got_anew() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let Some(registry) = start().await else { return };
    let (usual, young) = (answers(30), AtomicBool::new(true));
    let vendor = Vendor::before(&registry, move |asked| {
        // What ends the task of a connection ends the connection.
        assert!(
            asked.path != NODE || !young.swap(false, Ordering::SeqCst),
            "hangs up, as the test wants it"
        );
        usual(asked)
    })
    .await;
    let node = vendor.server.host.clone();
    let test = "google::a_login_that_ends_soon_is_got_anew";
    let (built, _) = through(&vendor, &registry, test, &[("GCE_METADATA_HOST", node.as_str())]).await;
    assert!(built);
    assert!(
        vendor.count(NODE) > 8,
        "the first login has ended before the build"
    );
}
