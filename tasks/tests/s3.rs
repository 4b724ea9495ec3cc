//! Files on a real MinIO by the S3 protocol, with a scripted Kubernetes API.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_model::crd::storage::Purpose;
use rstest::rstest;
use support::api::Script;
use support::files::{Files, all, has, sentence, write};
use support::minio::{PASSWORD, TestMinio, USER};

/// Each with the settings that its documentation has: a bucket by its path, one account for all.
#[rstest]
#[case::amazon_like("s3")]
#[case::ceph("s3 --region default")]
#[case::google("s3 --region auto --delete-singly")]
#[tokio::test]
async fn deleting_one_environment_never_touches_another_ones_files(#[case] args: &str) {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    let shop = Files::at(&server, args, "/shared").await;
    let other = Files::at(&server, args, "/shared").await;
    let (keys, others) = (
        shop.provision().await.expect("shop"),
        other.provision().await.expect("other"),
    );
    assert_eq!(keys["storage-service-name"], "com.mendix.storage.s3");
    assert_eq!(keys["storage-endpoint"], server.url("/shared"));
    assert_eq!(keys["storage-bucket-name"], shop.name);
    assert_eq!(keys["storage-perform-delete"], "true");
    assert_eq!(
        all(&server, "shared").await,
        [""; 0],
        "the check leaves nothing behind"
    );

    for file in ["one", "deep/two"] {
        write(&keys, file).await.expect("file of the shop");
        write(&others, file).await.expect("file of the other");
    }
    // Looks like a file of the shop, and is none.
    let mut neighbour = keys.clone();
    neighbour.insert("storage-bucket-name".to_owned(), format!("{}-2", shop.name));
    write(&neighbour, "one").await.expect("file of a neighbour");

    shop.deprovision().await.expect("deprovision");
    let mut expected = vec![
        format!("{}-2/one", shop.name),
        format!("{}/deep/two", other.name),
        format!("{}/one", other.name),
    ];
    expected.sort();
    assert_eq!(all(&server, "shared").await, expected);
    shop.deprovision().await.expect("again");
    assert!(has(&others, "one").await);
}

#[tokio::test]
async fn a_place_that_is_given_is_handed_on_and_never_deleted_from() {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    for (path, name) in [("/shared", "old/shop"), ("", "shared")] {
        let shop = Files::new("s3").await;
        shop.admin(&server.url(path), USER, PASSWORD, Some(name));
        let keys = shop.provision().await.expect("provision");
        assert_eq!(
            (
                keys["storage-bucket-name"].as_str(),
                keys["storage-endpoint"].as_str()
            ),
            (name, &*server.url(path))
        );
        write(&keys, "one").await.expect("file");
        shop.deprovision().await.expect("deprovision");
        assert!(has(&keys, "one").await);
    }
}

#[tokio::test]
async fn a_bucket_of_its_own_goes_with_the_environment() {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, "s3 --create-bucket", "").await;
    shop.deprovision().await.expect("nothing there");
    let keys = shop.provision().await.expect("provision");
    assert_eq!(keys["storage-bucket-name"], shop.name);
    write(&keys, "deep/one").await.expect("file");
    assert_eq!(shop.provision().await.expect("second run"), keys);
    shop.deprovision().await.expect("deprovision");
    assert!(!server.has_bucket(&shop.name));
    shop.deprovision().await.expect("again");
}

#[rstest]
#[case("s3", "/shared")]
#[case("s3 --create-bucket", "")]
#[tokio::test]
async fn files_that_are_to_be_kept_are_kept(#[case] args: &str, #[case] path: &str) {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    let shop = Files::at(&server, &format!("{args} --keep-files"), path).await;
    let keys = shop.provision().await.expect("provision");
    assert_eq!(keys["storage-perform-delete"], "false");
    write(&keys, "one").await.expect("file");
    shop.deprovision().await.expect("deprovision");
    assert!(has(&keys, "one").await);
}

#[tokio::test]
async fn what_a_refused_run_made_is_gone_and_what_was_there_before_stays() {
    let server = TestMinio::start().await;
    let shop = Files::at(&server, "s3 --create-bucket", "").await;
    shop.api.script(Script::Refuse);
    sentence(shop.provision().await);
    assert!(!server.has_bucket(&shop.name));
    server.make_bucket(&shop.name);
    sentence(shop.provision().await);
    assert!(server.has_bucket(&shop.name));
    shop.api.script(Script::Create);
    write(&shop.provision().await.expect("third run"), "one")
        .await
        .expect("file");
}

#[tokio::test]
async fn a_secret_that_speaks_of_another_place_leads_to_no_files() {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    server.make_bucket("other");
    let shop = Files::at(&server, "s3", "/shared").await;
    let keys = shop.provision().await.expect("provision");
    write(&keys, "one").await.expect("file");
    // The plan was changed since.
    shop.admin(&server.url("/other"), USER, PASSWORD, None);
    let text = sentence(shop.deprovision().await);
    assert!(
        text.contains("key storage-endpoint of the Secret names another place"),
        "{text}"
    );
    assert!(has(&keys, "one").await);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_key_that_says_it() {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    let cases = [
        (
            "http://nothing.invalid:9000/shared",
            USER,
            PASSWORD,
            "failed to find nothing.invalid:9000",
        ),
        (
            "http://127.0.0.1:1/shared",
            USER,
            PASSWORD,
            "127.0.0.1:1: Connection refused",
        ),
        ("SERVER/shared", USER, PASSWORD, "does not begin with https://"),
        (
            "https://SERVER/shared",
            USER,
            PASSWORD,
            "write http:// in key storage-endpoint",
        ),
        (
            "http://SERVER/shared",
            "nobody",
            PASSWORD,
            "correct key storage-access-key-id",
        ),
        (
            "http://SERVER/shared",
            USER,
            "another s3cret",
            "correct key storage-secret-access-key",
        ),
        (
            "http://SERVER/nothing",
            USER,
            PASSWORD,
            "no such bucket; create it, or correct key storage-endpoint",
        ),
        ("http://SERVER", USER, PASSWORD, "has no such bucket"),
        (
            "http://SERVER/Shared_Files",
            USER,
            PASSWORD,
            "is not the name of a bucket",
        ),
    ];
    for (endpoint, user, password, part) in cases {
        let shop = Files::new("s3").await;
        shop.admin(&endpoint.replace("SERVER", &server.host), user, password, None);
        let text = shop.refused().await;
        assert!(text.contains(part), "{text}");
        assert_eq!(shop.api.requests(), 0, "no Secret");
        assert_eq!(all(&server, "shared").await, [""; 0]);
    }
}

#[tokio::test]
async fn files_are_no_databases() {
    let mut shop = Files::new("s3").await;
    shop.task.purpose = Purpose::Database;
    assert!(shop.refused().await.contains("use a plan with purpose file"));
}
