//! A bucket, an account and a policy for each environment, on a real MinIO.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use rstest::rstest;
use support::api::Script;
use support::files::{Files, Keys, all, has, sentence, write};
use support::minio::{PASSWORD, TestMinio, USER};

/// The place of one app with the account of another.
fn intruding(place: &Keys, account: &Keys) -> Keys {
    let mut keys = place.clone();
    for key in ["storage-access-key-id", "storage-secret-access-key"] {
        keys.insert(key.to_owned(), account[key].clone());
    }
    keys
}

#[rstest]
#[case::buckets("minio", "", ".minio.sys")]
#[case::folders("minio --share-bucket", "/shared", "shared")]
#[tokio::test]
async fn an_app_reaches_its_own_files_and_no_others(
    #[case] args: &str,
    #[case] path: &str,
    #[case] bucket: &str,
) {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    let shop = Files::at(&server, args, path).await;
    let other = Files::at(&server, args, path).await;
    let (keys, others) = (
        shop.provision().await.expect("shop"),
        other.provision().await.expect("other"),
    );
    assert_eq!(keys["storage-access-key-id"], shop.name);
    assert_eq!(keys["storage-secret-access-key"].len(), 40);
    write(&keys, "deep/one").await.expect("own file");
    write(&others, "one").await.expect("own file");

    write(&intruding(&others, &keys), "two")
        .await
        .expect_err("a file of the other");
    assert!(!has(&intruding(&others, &keys), "one").await);
    let mut elsewhere = keys.clone();
    elsewhere.insert("storage-endpoint".to_owned(), server.url(""));
    elsewhere.insert("storage-bucket-name".to_owned(), "shared".to_owned());
    write(&elsewhere, "three")
        .await
        .expect_err("a file beside the folders");

    assert_eq!(server.has_account(&shop.name), (true, true));
    shop.deprovision().await.expect("deprovision");
    assert_eq!(server.has_account(&shop.name), (false, false));
    assert!(!server.has_bucket(&shop.name));
    assert!(has(&others, "one").await, "in {bucket}");
    write(&keys, "one").await.expect_err("the account is gone");
    shop.deprovision().await.expect("again");
    assert_eq!(server.has_account(&other.name), (true, true));
}

#[tokio::test]
async fn a_policy_that_is_there_is_used_and_stays() {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, "minio --policy readwrite", "").await;
    let keys = shop.provision().await.expect("provision");
    write(&keys, "one").await.expect("file");
    assert_eq!(server.has_account(&shop.name), (true, false));
    shop.deprovision().await.expect("deprovision");
    assert_eq!(server.has_account(&shop.name), (false, false));
}

#[rstest]
#[case(
    "minio --policy nothing",
    "has no policy of this name; create it, or correct --policy"
)]
#[case(
    "minio --policy readonly",
    "the policy of --policy must give accounts the right s3:PutObject"
)]
#[tokio::test]
async fn a_policy_that_does_not_do_leaves_nothing_behind(#[case] args: &str, #[case] part: &str) {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, args, "").await;
    let text = shop.refused().await;
    assert!(text.contains(part), "{text}");
    assert_eq!(server.has_account(&shop.name), (false, false));
    assert!(!server.has_bucket(&shop.name));
}

#[tokio::test]
async fn an_account_without_rights_is_told_which() {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    let maker = Files::at(&server, "minio", "").await;
    let keys = maker.provision().await.expect("provision");
    for (args, path, part) in [
        ("minio", "", "right s3:CreateBucket"),
        ("minio --share-bucket", "/shared", "policy consoleAdmin"),
        ("s3", "/shared", "the right s3:PutObject below"),
    ] {
        let shop = Files::new(args).await;
        let (user, password) = (&keys["storage-access-key-id"], &keys["storage-secret-access-key"]);
        shop.admin(&server.url(path), user, password, None);
        let text = shop.refused().await;
        assert!(
            text.contains("denies it") && text.contains(part) && !text.contains(password.as_str()),
            "{text}"
        );
    }
    // A bucket that is there and another's, from the view of an account.
    let shop = Files::new("s3").await;
    shop.admin(&server.url("/shared"), USER, PASSWORD, None);
    write(&shop.provision().await.expect("provision"), "one")
        .await
        .expect("file");
    shop.admin(
        &server.url("/shared"),
        &keys["storage-access-key-id"],
        &keys["storage-secret-access-key"],
        None,
    );
    let text = sentence(shop.deprovision().await);
    assert!(
        text.contains("the rights s3:ListBucket and s3:DeleteObject"),
        "{text}"
    );
    assert_eq!(all(&server, "shared").await, [format!("{}/one", shop.name)]);
}

#[tokio::test]
async fn with_keep_files_the_account_goes_and_the_files_stay() {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, "minio --keep-files", "").await;
    let keys = shop.provision().await.expect("provision");
    write(&keys, "one").await.expect("file");
    shop.deprovision().await.expect("deprovision");
    assert_eq!(server.has_account(&shop.name), (false, false));
    assert_eq!(all(&server, &shop.name).await, ["kubectl-mendix-check", "one"]);
}

#[tokio::test]
async fn what_a_refused_run_made_is_gone() {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, "minio", "").await;
    shop.api.script(Script::Refuse);
    sentence(shop.provision().await);
    assert_eq!(server.has_account(&shop.name), (false, false));
    assert!(!server.has_bucket(&shop.name));
}

#[tokio::test]
async fn a_run_after_one_that_was_killed_succeeds_with_another_secret() {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, "minio", "").await;
    // Perhaps there, perhaps not: then nothing is taken back, as after a kill.
    shop.api.script(Script::Fail);
    let text = sentence(shop.provision().await);
    assert!(text.contains("failed to learn whether Secret"), "{text}");
    assert_eq!(server.has_account(&shop.name), (true, true));
    shop.api.script(Script::Create);
    write(&shop.provision().await.expect("second run"), "one")
        .await
        .expect("file");
}
