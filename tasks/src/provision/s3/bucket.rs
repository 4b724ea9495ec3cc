//! Makes, empties and deletes buckets.

use super::super::files::FileError;
use super::super::files::clear;
use super::super::files::explain::{Step, explain};
use super::store::Store;
use crate::call::{Call, Failure};
use reqwest::Method;

/// The region that takes no word of a region when a bucket is made there.
const FIRST_REGION: &str = "us-east-1";

/// Makes the bucket of an app; whether it was not there before.
///
/// One that is there and ours was made by a run that was killed: its name is nobody else's.
pub(super) async fn create(store: &Store) -> Result<bool, FileError> {
    let step = Step::new(
        format!("create bucket {}", store.place.name),
        "give the account of key storage-access-key-id the right s3:CreateBucket",
    );
    let call = Call {
        body: location(&store.region).into_bytes(),
        ..Call::new(Method::PUT, store.place.bucket())
    };
    match store.caller(&store.admin.login).call(call).await {
        Ok(_) => Ok(true),
        Err(failure) if failure.is("BucketAlreadyOwnedByYou") => Ok(false),
        Err(failure) => Err(explain(failure, &store.server, &step)),
    }
}

/// Content of the request (Amazon S3 API Reference, `CreateBucket`).
fn location(region: &str) -> String {
    if region == FIRST_REGION {
        return String::new();
    }
    let region = quick_xml::escape::escape(region);
    format!(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{region}\
         </LocationConstraint></CreateBucketConfiguration>"
    )
}

/// Deletes the files of an app, and no others; answers how many.
pub(super) async fn clear(store: &Store) -> Result<usize, FileError> {
    let step = Step::new(
        format!("delete the files of {}", store.place.name),
        "give the account of key storage-access-key-id the rights s3:ListBucket and s3:DeleteObject, or add \
         --keep-files to the args of the plan",
    );
    clear::clear(&store.objects()?, store.place.folder(), &store.server, &step).await
}

/// Deletes the bucket of an app. One that is gone is no failure.
pub(super) async fn delete(store: &Store) -> Result<(), FileError> {
    let step = Step::new(
        format!("delete bucket {}", store.place.name),
        "give the account of key storage-access-key-id the right s3:DeleteBucket, or add --keep-files to the args of \
         the plan",
    );
    let call = Call::new(Method::DELETE, store.place.bucket());
    match store.caller(&store.admin.login).call(call).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused(refusal)) if refusal.code.as_deref() == Some("NoSuchBucket") => Ok(()),
        Err(failure) => Err(explain(failure, &store.server, &step)),
    }
}

#[cfg(test)]
mod tests {
    use super::location;

    #[test]
    fn only_other_regions_are_named() {
        assert_eq!(location("us-east-1"), "");
        assert!(location("eu-west-1").contains("<LocationConstraint>eu-west-1</LocationConstraint>"));
    }
}
