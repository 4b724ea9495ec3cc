//! Deletes the files of one app.

use super::FileError;
use super::call::code;
use super::explain::{Server, Step};
use crate::network;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{Error, ObjectStore, RetryConfig};
use std::time::Duration;

/// Hands our own client to the library, with the authorities and proxies that this pod is given.
#[derive(Debug)]
pub(in crate::provision) struct Connector(pub(in crate::provision) reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// A store that is busy is asked again, but not for ever: somebody waits for the sentence.
pub(in crate::provision) fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: 5,
        retry_timeout: Duration::from_secs(60),
        ..RetryConfig::default()
    }
}

/// Deletes everything below a prefix, or everything; answers how many files. The prefix ends at a slash: `shop` does not
/// reach `shop-2`. A store that is gone is empty.
pub(in crate::provision) async fn clear(
    store: &dyn ObjectStore,
    prefix: Option<&str>,
    server: &Server,
    step: &Step,
) -> Result<usize, FileError> {
    let prefix = prefix.map(Path::from);
    let found = store.list(prefix.as_ref()).map_ok(|file| file.location).boxed();
    let deleted = store
        .delete_stream(found)
        .try_fold(0, |count, _| async move { Ok(count + 1) })
        .await;
    match deleted {
        Ok(count) => Ok(count),
        Err(Error::NotFound { .. }) => Ok(0),
        Err(error) => Err(explained(&error, server, step)),
    }
}

fn explained(error: &Error, server: &Server, step: &Step) -> FileError {
    let (step, right, server) = (step.words.clone(), step.right.clone(), server.address.clone());
    match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            FileError::NoRight { step, server, right }
        }
        _ => FileError::Refused {
            step,
            server,
            cause: cause(&network::innermost(error)),
        },
    }
}

/// The library's text, but of an answer that it quotes no more than the word for the error.
fn cause(text: &str) -> String {
    match text.find('<') {
        Some(start) => {
            code(&text.as_bytes()[start..]).unwrap_or_else(|| "an error without a word for it".to_owned())
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::cause;

    #[test]
    fn of_an_answer_only_the_word_is_told() {
        let quoted = "status 409: <?xml version=\"1.0\"?><Error><Code>Busy</Code><Key>s3cret</Key></Error>";
        assert_eq!(cause(quoted), "Busy");
        assert_eq!(
            cause("status 400: <html>s3cret</html>"),
            "an error without a word for it"
        );
        assert_eq!(cause("connection refused"), "connection refused");
    }
}
