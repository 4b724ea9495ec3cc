//! Deletes the files of one app.

use super::FileError;
use super::explain::{Server, Step, explain};
use crate::call::{Failure, Refusal, code};
use crate::network;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, RetryConfig};
use std::time::Duration;

/// A store that is busy is asked again, but not for ever: somebody waits for the sentence.
pub(in crate::provision) fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: 5,
        retry_timeout: Duration::from_mins(1),
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
        Err(error) => explained(&network::innermost(&error), server, step),
    }
}

/// The library's text, but of an answer that it quotes no more than the word for the error.
fn explained(text: &str, server: &Server, step: &Step) -> Result<usize, FileError> {
    let word = text.find('<').map(|start| code(&text.as_bytes()[start..]));
    let cause = match word {
        Some(Some(word)) if word == "NoSuchBucket" => return Ok(0),
        Some(Some(word)) => {
            let refusal = Refusal {
                code: Some(word),
                ..Refusal::default()
            };
            return Err(explain(Failure::Refused(refusal), server, step));
        }
        Some(None) => "an error without a word for it".to_owned(),
        None => text.to_owned(),
    };
    Err(FileError::Refused {
        step: step.words.clone(),
        server: server.address.clone(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Setting;
    use super::super::explain::Keys;
    use super::*;
    use rstest::rstest;

    const ENDPOINT: Setting = Setting::Key("storage-endpoint");

    fn sentence(text: &str) -> Option<String> {
        let server = Server {
            address: "files.example:443".to_owned(),
            keys: Keys {
                address: ENDPOINT,
                place: ENDPOINT,
                account: ENDPOINT,
                secret: ENDPOINT,
                kind: "bucket",
            },
        };
        let step = Step::new("delete the files of shop", "give the right");
        explained(text, &server, &step)
            .err()
            .map(|error| error.to_string())
    }

    #[rstest]
    #[case(
        "status 403: <Error><Code>AccessDenied</Code><Key>s3cret</Key></Error>",
        "denies it; give the right"
    )]
    #[case(
        "status 409: <?xml version=\"1.0\"?><Error><Code>Busy</Code><Key>s3cret</Key></Error>",
        "answers Busy;"
    )]
    #[case("status 400: <html>s3cret</html>", "answers an error without a word for it;")]
    #[case("connection refused", "answers connection refused;")]
    fn of_an_answer_only_the_word_is_told(#[case] text: &str, #[case] part: &str) {
        let told = sentence(text).expect("an error");
        assert!(told.contains(part) && !told.contains("s3cret"), "{told}");
    }

    #[test]
    fn a_store_that_is_gone_is_empty() {
        assert_eq!(
            sentence("status 404: <Error><Code>NoSuchBucket</Code></Error>"),
            None
        );
    }
}
