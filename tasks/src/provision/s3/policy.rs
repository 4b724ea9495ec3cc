//! What the account of an app may do. Pure.

use super::super::files::{FileError, Setting};
use super::Shape;
use super::accounts::Grant;
use super::place::{Extent, Place, bucket_of};
use mendix_model::secret_store::storage;
use serde_json::json;

/// The policy that the plan names, or one for the place of this app alone.
pub(super) fn grant(shape: &Shape, place: &Place, region: &str) -> Result<Grant, FileError> {
    if let Some(policy) = &shape.policy {
        return Ok(Grant::Existing(policy.clone()));
    }
    let bucket = match place.extent {
        Extent::Bucket => place.name.clone(),
        Extent::Folder | Extent::Given => bucket_of(&place.endpoint).ok_or_else(|| FileError::Key {
            key: Setting::Key(storage::ENDPOINT),
            problem: "which bucket it is for cannot be told from it, and a policy must name it: write https://HOST/BUCKET"
                .to_owned(),
        })?,
    };
    Ok(Grant::Own(document(&bucket, place.folder(), partition(region))))
}

/// Files may be listed, read, written and deleted, in the folder or the whole bucket.
fn document(bucket: &str, folder: Option<&str>, partition: &str) -> String {
    let bucket = format!("arn:{partition}:s3:::{bucket}");
    let mut list = json!({"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket]});
    let mut files = format!("{bucket}/*");
    if let Some(folder) = folder {
        list["Condition"] = json!({"StringLike": {"s3:prefix": [folder, format!("{folder}/*")]}});
        files = format!("{bucket}/{folder}/*");
    }
    let actions = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ];
    let use_files = json!({"Effect": "Allow", "Action": actions, "Resource": [files]});
    json!({"Version": "2012-10-17", "Statement": [list, use_files]}).to_string()
}

/// Part of Amazon's world that a region is in.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_all_that_a_policy_opens() {
        let text = document("files", Some("own"), "aws");
        let policy: serde_json::Value = serde_json::from_str(&text).expect("json");
        assert_eq!(
            policy["Statement"][1]["Resource"],
            json!(["arn:aws:s3:::files/own/*"])
        );
        assert_eq!(
            policy["Statement"][0]["Condition"],
            json!({"StringLike": {"s3:prefix": ["own", "own/*"]}})
        );
    }

    #[test]
    fn a_bucket_is_opened_whole() {
        let text = document("own", None, partition("cn-north-1"));
        assert!(
            text.contains("\"arn:aws-cn:s3:::own/*\"") && !text.contains("Condition"),
            "{text}"
        );
    }
}
