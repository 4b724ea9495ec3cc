//! Logins of Amazon ECR, at a server after the published protocol: Amazon ECR API Reference, `GetAuthorizationToken`
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>); AWS STS API Reference,
//! `AssumeRoleWithWebIdentity` (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>);
//! Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services". Signatures are not computed; their
//! scope is looked at.

use crate::client::{build, file, through};
use crate::support::again::is_client;
use crate::support::registry::start;
use crate::support::vendor::{Asked, Vendor, challenge, json, refusal};
use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mendix_tasks::image::Credentials;
use serde_json::json;

const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const ROLE: &str = "arn:aws:iam::123456789012:role/builder";

fn answer(asked: &Asked) -> Option<Response<Body>> {
    match asked.path.as_str() {
        "/" if asked.query.contains_key("Action") => Some(role(asked)),
        "/agent" => Some(agent(asked)),
        "/" => Some(token(asked)),
        _ if asked.is_login("AWS", "hunter2-registry") => None,
        _ => Some(challenge(
            "Basic realm=\"https://ecr\",service=\"ecr.amazonaws.com\"",
        )),
    }
}

fn role(asked: &Asked) -> Response<Body> {
    let said = |name: &str| asked.query.get(name).map_or("", String::as_str);
    assert_eq!(
        (said("Action"), said("Version"), said("RoleArn")),
        ("AssumeRoleWithWebIdentity", "2011-06-15", ROLE)
    );
    if said("WebIdentityToken") != "hunter2-pod" {
        let text = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>\
                    <Message>hunter2-pod</Message></Error></ErrorResponse>";
        return refusal(400, text);
    }
    Response::new(Body::from(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>\
         <SecretAccessKey>hunter2-key</SecretAccessKey><SessionToken>hunter2-session</SessionToken>\
         <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
         </AssumeRoleWithWebIdentityResponse>",
    ))
}

fn agent(asked: &Asked) -> Response<Body> {
    if asked.header("authorization") != "hunter2-pod" {
        return refusal(400, "Service account token is not valid");
    }
    json(
        &json!({"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "hunter2-key", "Token": "hunter2-session",
        "AccountId": "123456789012", "Expiration": "2099-01-01T00:00:00Z"}),
    )
}

fn token(asked: &Asked) -> Response<Body> {
    let (authorization, target) = (asked.header("authorization"), asked.header("x-amz-target"));
    assert_eq!(
        target,
        "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    );
    assert_eq!(asked.header("content-type"), "application/x-amz-json-1.1");
    assert!(
        authorization.contains("/eu-west-1/ecr/aws4_request") && authorization.contains("x-amz-target"),
        "{authorization}"
    );
    if authorization.contains("Credential=ASIAEXAMPLE/")
        && asked.header("x-amz-security-token") == "hunter2-session"
    {
        let token = STANDARD.encode("AWS:hunter2-registry");
        let data = json!({"authorizationToken": token, "expiresAt": 4_070_908_800.5, "proxyEndpoint": HOST});
        return json(&json!({"authorizationData": [data]}));
    }
    refusal(
        400,
        r#"{"__type":"AccessDeniedException","message":"user hunter2 is not authorized"}"#,
    )
}

/// The client: variables, whether it succeeds, and a part of what it says.
async fn case(test: &str, variables: &[(&str, &str)], expected: Result<(), &str>) {
    let Some(registry) = start().await else { return };
    let vendor = Vendor::before(&registry, answer).await;
    let url = vendor.server.url("");
    let agent = vendor.server.url("/agent");
    let mut all = vec![
        ("AWS_ENDPOINT_URL_ECR", url.as_str()),
        ("AWS_ENDPOINT_URL_STS", url.as_str()),
    ];
    let here = variables.iter().map(|(name, value)| match *value {
        "AGENT" => (*name, agent.as_str()),
        value => (*name, value),
    });
    all.extend(here);
    let (built, printed) = through(&vendor, &registry, test, &all).await;
    match expected {
        Ok(()) => {
            assert!(built && printed.contains(&format!("built {HOST}/shop@sha256:")));
            let asked = vendor.asked();
            let is_login = |asked: &&Asked| asked.path == "/" && asked.query.is_empty();
            assert_eq!(
                asked.iter().filter(is_login).count(),
                1,
                "one login serves all requests"
            );
        }
        Err(part) => assert!(!built && printed.contains(part)),
    }
    assert!(!printed.contains("hunter2"));
}

#[tokio::test]
async fn keys_get_a_login() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let keys = [
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2-key"),
        ("AWS_SESSION_TOKEN", "hunter2-session"),
    ];
    case("ecr::keys_get_a_login", &keys, Ok(())).await;
    let refused = "failed to log in to registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com: Amazon ECR refused with HTTP \
                   400 (AccessDeniedException); give the role or user of this pod the right ecr:GetAuthorizationToken";
    case("ecr::keys_get_a_login", &keys[..2], Err(refused)).await;
}

#[tokio::test]
async fn the_role_of_a_service_account_gets_a_login() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let (_right, right) = file("hunter2-pod");
    let (_wrong, wrong) = file("hunter2-other");
    let role = |file| [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", file)];
    let test = "ecr::the_role_of_a_service_account_gets_a_login";
    case(test, &role(&right), Ok(())).await;
    let refused =
        "AWS does not give this pod role arn:aws:iam::123456789012:role/builder (InvalidIdentityToken); look";
    case(test, &role(&wrong), Err(refused)).await;
}

#[tokio::test]
async fn a_pod_identity_gets_a_login() {
    if is_client() {
        return build(HOST, Credentials::default()).await;
    }
    let (_right, right) = file("hunter2-pod");
    let agent = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AGENT"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", right.as_str()),
    ];
    case("ecr::a_pod_identity_gets_a_login", &agent, Ok(())).await;
}
