//! Files in Azure Blob Storage: a real Azurite, with a scripted Kubernetes API.

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
use support::azurite::{ACCOUNT, KEY, TestAzurite};
use support::files::{has, sentence, write};

#[tokio::test]
async fn a_container_of_its_own_goes_with_the_environment_and_no_other() {
    let server = TestAzurite::start().await;
    let (shop, other) = (server.plan("azure", None).await, server.plan("azure", None).await);
    shop.deprovision().await.expect("nothing there");
    let (keys, others) = (
        shop.provision().await.expect("shop"),
        other.provision().await.expect("other"),
    );
    assert_eq!(keys["storage-service-name"], "com.mendix.storage.azure");
    assert_eq!(keys["storage-azure-container"], shop.name);
    assert_eq!(keys["storage-azure-use-https"], "false");
    assert_eq!(keys["storage-perform-delete"], "true");
    write(&keys, "deep/one").await.expect("file");
    write(&others, "one").await.expect("file of the other");
    assert_eq!(shop.provision().await.expect("second run"), keys);

    shop.deprovision().await.expect("deprovision");
    write(&keys, "two").await.expect_err("the container is gone");
    assert!(has(&others, "one").await);
    shop.deprovision().await.expect("again");
}

#[tokio::test]
async fn a_container_that_is_given_is_handed_on_and_never_deleted_from() {
    let server = TestAzurite::start().await;
    let maker = server.plan("azure --keep-files", None).await;
    let made = maker.provision().await.expect("container");
    let shop = server.plan("azure", Some(&maker.name)).await;
    let keys = shop.provision().await.expect("provision");
    assert_eq!(keys["storage-azure-container"], maker.name);
    assert!(!has(&keys, &shop.name).await);
    write(&keys, "one").await.expect("file");
    shop.deprovision().await.expect("deprovision");
    assert!(has(&made, "one").await);
}

#[tokio::test]
async fn files_that_are_to_be_kept_are_kept() {
    let server = TestAzurite::start().await;
    let shop = server.plan("azure --keep-files", None).await;
    let keys = shop.provision().await.expect("provision");
    assert_eq!(keys["storage-perform-delete"], "false");
    write(&keys, "one").await.expect("file");
    shop.deprovision().await.expect("deprovision");
    assert!(has(&keys, "one").await);
}

#[tokio::test]
async fn what_a_refused_run_made_is_gone_and_what_was_there_before_stays() {
    let server = TestAzurite::start().await;
    let shop = server.plan("azure", None).await;
    shop.api.script(Script::Refuse);
    sentence(shop.provision().await);
    let given = server.plan("azure", Some(&shop.name)).await;
    assert!(given.refused().await.contains("has no such container"));
    // As after a kill: perhaps the Secret is there.
    shop.api.script(Script::Fail);
    sentence(shop.provision().await);
    shop.api.script(Script::Refuse);
    sentence(shop.provision().await);
    given.provision().await.expect("the container is there");
}

#[tokio::test]
async fn a_secret_that_speaks_of_another_container_leads_to_no_files() {
    let server = TestAzurite::start().await;
    let (shop, other) = (server.plan("azure", None).await, server.plan("azure", None).await);
    let (keys, others) = (
        shop.provision().await.expect("shop"),
        other.provision().await.expect("other"),
    );
    write(&others, "one").await.expect("file");
    let mut wrong = keys.clone();
    wrong.insert("storage-azure-container".to_owned(), other.name.clone());
    support::instance::write_keys(&shop.task.instance_folder, &wrong);
    let text = sentence(shop.deprovision().await);
    assert!(
        text.contains("key storage-azure-container of the Secret names another place"),
        "{text}"
    );
    assert!(has(&others, "one").await);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_key_that_says_it() {
    let server = TestAzurite::start().await;
    let another = "YW5vdGhlciBzM2NyZXQ=";
    let cases = [
        ("nobody", KEY, None, "storage-azure-account-name"),
        (
            ACCOUNT,
            another,
            None,
            "storage-azure-account-key of the plan's admin Secret",
        ),
        (
            ACCOUNT,
            "s3cret!",
            None,
            "key storage-azure-account-key of the plan's admin Secret: it is not in base64",
        ),
        (
            ACCOUNT,
            KEY,
            Some("Shop_Files"),
            "\"Shop_Files\" is not the name of a container",
        ),
        (
            ACCOUNT,
            KEY,
            Some("nothing"),
            "has no such container; create it, or correct key storage-azure-container",
        ),
    ];
    for (account, key, container, part) in cases {
        let shop = server.plan("azure", None).await;
        server.admin(&shop, account, key, container);
        let text = shop.refused().await;
        assert!(text.contains(part) && !text.contains(key), "{text}");
        assert_eq!(shop.api.requests(), 0, "no Secret");
    }
}

#[rstest]
#[case("http://nothing.invalid/team", "failed to find nothing.invalid:80")]
#[case("http://127.0.0.1:1/team", "failed to reach 127.0.0.1:1")]
#[case("127.0.0.1:1/team", "does not begin with https://")]
#[tokio::test]
async fn wrong_addresses_are_explained(#[case] endpoint: &str, #[case] part: &str) {
    let shop = support::files::Files::new("azure").await;
    shop.admin_keys(&[
        ("storage-azure-account-name", ACCOUNT),
        ("storage-azure-account-key", KEY),
        ("storage-azure-blob-endpoint", endpoint),
    ]);
    let text = shop.refused().await;
    assert!(
        text.contains(part) && text.contains("storage-azure-blob-endpoint"),
        "{text}"
    );
}
