//! Whether an app will be able to keep files, with the account that it gets.

use super::super::files::FileError;
use super::super::files::explain::Step;
use super::super::files::trial::{FILE, Trial};
use super::store::Store;
use super::{Deletion, Login};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PAUSE: Duration = Duration::from_secs(3);

/// Tries it out; for a new account again and again, since some servers take a while until they know it.
pub(super) async fn check(
    store: &Store,
    login: &Login,
    content: &str,
    settles_within: Duration,
) -> Result<(), FileError> {
    let limit = if store.shape.create_user {
        settles_within
    } else {
        Duration::ZERO
    };
    let (trial, end) = (trial(store, login, content), Instant::now() + limit);
    loop {
        match trial.run().await {
            Err(error) if may_settle(&error) && Instant::now() < end => {
                tracing::info!("trying again: {error}");
            }
            result => return result,
        }
        sleep(PAUSE).await;
    }
}

/// What a server says of an account that it does not know everywhere yet.
const fn may_settle(error: &FileError) -> bool {
    matches!(
        error,
        FileError::Account { .. } | FileError::Secret { .. } | FileError::NoRight { .. }
    )
}

fn trial<'a>(store: &'a Store, login: &Login, content: &'a str) -> Trial<'a> {
    Trial {
        caller: store.caller(login),
        server: &store.server,
        file: store.place.file(FILE),
        headers: Vec::new(),
        content,
        write: step(store, "write", "s3:PutObject"),
        read: step(store, "read", "s3:GetObject"),
        delete: (store.shape.deletion != Deletion::Never).then(|| step(store, "delete", "s3:DeleteObject")),
    }
}

fn step(store: &Store, verb: &str, right: &str) -> Step {
    let name = &store.place.name;
    let whose = if store.shape.policy.is_some() {
        "the policy of --policy must give accounts"
    } else if store.shape.create_user {
        "no other policy may take from the account that was made"
    } else {
        "give the account of key storage-access-key-id"
    };
    Step::new(
        format!("{verb} a file below {name}, as the app will"),
        format!("{whose} the right {right} below {name}"),
    )
}
