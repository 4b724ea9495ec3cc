//! What a secret store changes, whether it is a Secret or what the CSI driver mounts.

use crate::guard::{Setup, eventually};
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use serde_json::json;

const KEYS: [(&str, &str); 8] = [
    ("database-type", "PostgreSQL"),
    ("database-jdbc-url", "jdbc:postgresql://db.team/shop"),
    ("database-username", "shop"),
    ("database-password", "database-secret"),
    ("storage-service-name", "com.mendix.storage.s3"),
    ("storage-bucket-name", "bucket"),
    ("mx-const-A.B", "store-constant"),
    ("mx-runtime-com.mendix.storage.s3.EncryptionKeys", "store-setting"),
];

#[tokio::test]
async fn its_keys_are_sent_and_win() {
    let runtime = Runtime::start().await;
    let admin = [
        ("mx-admin-password", "store-admin"),
        ("mx-debugger-password", "store-debugger"),
    ];
    let guard = Setup::new("leader", &runtime, OBEDIENT)
        .with("adminUserPassword", json!("app-admin"))
        .with_secret_store(&[&KEYS[..], &admin[..]].concat())
        .start();
    guard.state_is("running").await;
    eventually("debugger", || async {
        let asked = runtime.actions().iter().any(|action| action == "enable_debugger");
        asked.then_some(())
    })
    .await;
    let sent = runtime.params("update_configuration");
    let expected = [
        ("DatabaseType", "PostgreSQL"),
        ("DatabaseJdbcUrl", "jdbc:postgresql://db.team/shop"),
        ("DatabaseUserName", "shop"),
        ("DatabasePassword", "database-secret"),
        ("com.mendix.core.StorageService", "com.mendix.storage.s3"),
        ("com.mendix.storage.s3.BucketName", "bucket"),
        ("com.mendix.storage.s3.EncryptionKeys", "store-setting"),
    ];
    for (setting, value) in expected {
        assert_eq!(sent[setting], value, "{setting}");
    }
    assert_eq!(sent["MicroflowConstants"], json!({"A.B": "store-constant"}));
    assert_eq!(runtime.params("create_admin_user")["password"], "store-admin");
    assert_eq!(runtime.params("enable_debugger")["password"], "store-debugger");
}

#[tokio::test]
async fn nothing_of_it_is_shown_when_the_runtime_refuses() {
    let runtime = Runtime::start().await;
    let message = "no login with database-secret at jdbc:postgresql://db.team/shop, store-setting";
    runtime.answer("start", json!({"result": 1, "message": message}));
    let mut guard = Setup::new("leader", &runtime, OBEDIENT)
        .with_secret_store(&KEYS)
        .start();
    let (code, said) = guard.end().await;
    assert_eq!(code, 1);
    let log = guard.file("log");
    for secret in ["database-secret", "store-setting", "db.team/shop"] {
        assert!(!said.contains(secret) && !log.contains(secret), "{said}\n{log}");
    }
}

#[tokio::test]
async fn files_of_another_database_than_was_judged_start_nothing() {
    let runtime = Runtime::start().await;
    let mut setup = Setup::new("leader", &runtime, OBEDIENT).with_secret_store(&KEYS);
    let claim = "database-0000000000000000000000000000000000000000".to_owned();
    setup.variables.insert("MENDIX_DATABASE_CLAIM".to_owned(), claim);
    setup
        .variables
        .insert("MENDIX_NAMESPACE".to_owned(), "team".to_owned());
    let mut guard = setup.start();
    let (code, said) = guard.end().await;
    assert_eq!(code, 1);
    assert!(
        said.contains("name another database than the annotation"),
        "{said}"
    );
    assert!(runtime.actions().is_empty());
}
