//! Accounts by IAM: a small server after the published protocol, and a real MinIO for the files.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use support::api::Script;
use support::files::{Files, all, sentence, write};
use support::iam::{TestIam, User};
use support::minio::{PASSWORD, TestMinio, USER};

struct Servers {
    files: TestMinio,
    iam: TestIam,
}

impl Servers {
    async fn start() -> Self {
        let files = TestMinio::start().await;
        files.make_bucket("shared");
        Self {
            files,
            iam: TestIam::start((USER, PASSWORD)).await,
        }
    }

    async fn shop(&self, args: &str, path: &str) -> Files {
        let args = format!(
            "s3 --create-user {args} --iam-endpoint {}",
            self.iam.server.url("")
        );
        Files::at(&self.files, &args, path).await
    }

    fn user(&self, name: &str) -> Option<User> {
        self.iam.users.lock().expect("users").known.get(name).cloned()
    }
}

#[tokio::test]
async fn an_account_gets_a_policy_for_its_folder() {
    let servers = Servers::start().await;
    let shop = servers.shop("", "/shared").await;
    let keys = shop.provision().await.expect("provision");
    assert_eq!(
        (
            keys["storage-access-key-id"].as_str(),
            keys["storage-secret-access-key"].as_str()
        ),
        (USER, PASSWORD)
    );
    write(&keys, "one").await.expect("file");
    let user = servers.user(&shop.name).expect("user");
    let policy = &user.policies["files"];
    assert!(
        policy.contains(&format!("\"arn:aws:s3:::shared/{}/*\"", shop.name)),
        "{policy}"
    );
    assert_eq!(user.keys.len(), 1);

    shop.deprovision().await.expect("deprovision");
    assert_eq!(servers.user(&shop.name), None);
    assert_eq!(all(&servers.files, "shared").await, [""; 0]);
    shop.deprovision().await.expect("again");
}

#[tokio::test]
async fn an_account_gets_the_policy_that_is_there_and_a_bucket_of_its_own() {
    let servers = Servers::start().await;
    let arn = "arn:aws:iam::123456789012:policy/mendix";
    let shop = servers.shop(&format!("--create-bucket --policy {arn}"), "").await;
    write(&shop.provision().await.expect("provision"), "one")
        .await
        .expect("file");
    let user = servers.user(&shop.name).expect("user");
    assert_eq!(user.attached, [arn.to_owned()].into());
    assert!(user.policies.is_empty());
    shop.deprovision().await.expect("deprovision");
    assert_eq!(
        (servers.user(&shop.name), servers.files.has_bucket(&shop.name)),
        (None, false)
    );
}

#[tokio::test]
async fn keys_of_runs_that_were_killed_are_not_in_the_way() {
    let servers = Servers::start().await;
    let shop = servers.shop("", "/shared").await;
    let left = User {
        keys: ["AKIAONE".to_owned(), "AKIATWO".to_owned()].into(),
        ..User::default()
    };
    servers
        .iam
        .users
        .lock()
        .expect("users")
        .known
        .insert(shop.name.clone(), left);
    shop.provision().await.expect("provision");
    assert_eq!(
        servers.user(&shop.name).expect("user").keys,
        [USER.to_owned()].into()
    );
}

#[tokio::test]
async fn a_run_that_is_killed_after_any_action_is_taken_up() {
    let actions = ["PutUserPolicy", "ListAccessKeys", "CreateAccessKey"];
    for denied in actions {
        let servers = Servers::start().await;
        let shop = servers.shop("", "/shared").await;
        servers.iam.users.lock().expect("users").denied = Some(denied);
        let text = shop.refused().await;
        assert!(text.contains(&format!("the right iam:{denied}")), "{text}");
        servers.iam.users.lock().expect("users").denied = None;
        shop.provision().await.expect("second run");
    }
}

#[tokio::test]
async fn what_a_refused_run_made_is_gone() {
    let servers = Servers::start().await;
    let shop = servers.shop("--create-bucket", "").await;
    shop.api.script(Script::Refuse);
    sentence(shop.provision().await);
    assert_eq!(
        (servers.user(&shop.name), servers.files.has_bucket(&shop.name)),
        (None, false)
    );
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_named() {
    let servers = Servers::start().await;
    let shop = servers
        .shop("--policy arn:aws:iam::1:policy/nothing", "/shared")
        .await;
    assert!(
        shop.refused()
            .await
            .contains("correct --policy in the args of the plan")
    );
    assert_eq!(servers.user(&shop.name), None);
}

#[tokio::test]
async fn a_place_that_is_given_gets_no_account() {
    let servers = Servers::start().await;
    let shop = servers.shop("", "/shared").await;
    shop.admin(&servers.files.url("/shared"), USER, PASSWORD, Some("old"));
    assert!(shop.refused().await.contains("take one of both out"));
    assert!(servers.iam.users.lock().expect("users").actions.is_empty());
}

#[tokio::test]
async fn where_iam_is_stands_in_the_args() {
    let servers = Servers::start().await;
    for (address, part) in [
        (
            "iam.example",
            "failed to read --iam-endpoint in the args of the plan: it does not begin with",
        ),
        (
            "http://127.0.0.1:1",
            "check --iam-endpoint in the args of the plan",
        ),
    ] {
        let args = format!("s3 --create-user --iam-endpoint {address}");
        let shop = Files::at(&servers.files, &args, "/shared").await;
        let text = shop.refused().await;
        assert!(text.contains(part), "{text}");
    }
}
