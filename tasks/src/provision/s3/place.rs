//! Where an app's files are. Pure.
//!
//! The runtime puts `storage-endpoint` and `storage-bucket-name` together and files below that. So the second is a bucket
//! where the first is a server, and a folder where the first is a bucket, as the Mendix documentation has it ("Storage
//! plans", "Existing bucket and account").

use super::super::files::{FileError, Setting, address, legal};
use super::{Admin, Shape};
use mendix_model::secret_store::storage;
use reqwest::Url;

/// Where one app's files are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// What the app is told as `storage-endpoint`.
    pub(super) endpoint: Url,
    /// What it is told as `storage-bucket-name`.
    pub(super) name: String,
    pub(super) extent: Extent,
}

/// What of it is the app's alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Extent {
    /// `name` is a bucket of ours.
    Bucket,
    /// `name` is a folder of ours in a bucket that others use too.
    Folder,
    /// `name` is what somebody wrote into the plan's Secret: nothing there is ours.
    Given,
}

impl Place {
    /// Address of the bucket; of a given place that of the place.
    pub(super) fn bucket(&self) -> Url {
        match self.extent {
            Extent::Folder => self.endpoint.clone(),
            Extent::Bucket | Extent::Given => address::below(&self.endpoint, &self.name),
        }
    }

    /// Address of a file.
    pub(super) fn file(&self, name: &str) -> Url {
        address::below(&address::below(&self.endpoint, &self.name), name)
    }

    /// Folder in the bucket, where files are not in the bucket itself.
    pub(super) fn folder(&self) -> Option<&str> {
        (self.extent == Extent::Folder).then_some(&*self.name)
    }
}

/// Decides where the files of one app are. `own` is the name that is nobody else's.
pub(super) fn place(shape: &Shape, admin: &Admin, own: &str) -> Result<Place, FileError> {
    let (bucket, given) = (bucket_of(&admin.endpoint), admin.given.as_deref());
    let of = |name: &str, extent| Place {
        endpoint: admin.endpoint.clone(),
        name: name.to_owned(),
        extent,
    };
    match given {
        Some(_) if shape.create_bucket || shape.create_user => Err(FileError::Plan {
            problem: format!(
                "its args make a bucket or an account for each environment, and its admin Secret names a place in key {}; \
                 take one of both out",
                storage::BUCKET_NAME
            ),
        }),
        Some(name) => match legal::prefix_problem(name) {
            Some(problem) => Err(wrong(storage::BUCKET_NAME, problem)),
            None => Ok(of(name, Extent::Given)),
        },
        None if shape.create_bucket => match bucket {
            Some(bucket) => Err(wrong(
                storage::ENDPOINT,
                format!(
                    "it names bucket {bucket:?}, and the args of the plan say --create-bucket: name the server alone"
                ),
            )),
            None => Ok(of(own, Extent::Bucket)),
        },
        None => shared(admin, bucket.as_deref()).map(|()| of(own, Extent::Folder)),
    }
}

fn shared(admin: &Admin, bucket: Option<&str>) -> Result<(), FileError> {
    match bucket {
        Some(bucket) => {
            legal::bucket_problem(bucket).map_or(Ok(()), |problem| Err(wrong(storage::ENDPOINT, problem)))
        }
        None if is_amazon(&admin.endpoint) => Err(wrong(
            storage::ENDPOINT,
            "it names no bucket: write https://BUCKET.s3.REGION.amazonaws.com".to_owned(),
        )),
        // A host that stands for a bucket looks like any other.
        None => Ok(()),
    }
}

fn wrong(key: &'static str, problem: String) -> FileError {
    FileError::Key {
        key: Setting::Key(key),
        problem,
    }
}

/// The bucket that an address names: the first part of its path, or what stands before `.s3` at Amazon.
pub(super) fn bucket_of(endpoint: &Url) -> Option<String> {
    let mut parts = endpoint.path_segments()?.filter(|part| !part.is_empty());
    if let Some(part) = parts.next() {
        return Some(part.to_owned());
    }
    let host = endpoint.host_str()?;
    let (bucket, _) = host.split_once(".s3.").or_else(|| host.split_once(".s3-"))?;
    is_amazon(endpoint).then(|| bucket.to_owned())
}

fn is_amazon(endpoint: &Url) -> bool {
    endpoint
        .host_str()
        .is_some_and(|host| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

#[cfg(test)]
mod tests {
    use super::super::{Deletion, Login};
    use super::*;
    use rstest::rstest;

    fn admin(endpoint: &str, given: Option<&str>) -> Admin {
        Admin {
            endpoint: address::parse(endpoint, Setting::Key(storage::ENDPOINT)).expect("address"),
            login: Login {
                access_key: "a".to_owned(),
                secret_key: "b".to_owned(),
            },
            given: given.map(str::to_owned),
        }
    }

    const SHARED: Shape = Shape {
        create_bucket: false,
        create_user: false,
        policy: None,
        region: None,
        accounts_endpoint: None,
        deletion: Deletion::Together,
    };
    const BUCKETS: Shape = Shape {
        create_bucket: true,
        ..SHARED
    };
    const USERS: Shape = Shape {
        create_user: true,
        ..SHARED
    };

    #[rstest]
    #[case::folder_by_path(
        SHARED,
        "https://h:9000/files",
        None,
        "https://h:9000/files/own/x",
        Extent::Folder
    )]
    #[case::folder_by_host(
        USERS,
        "https://files.s3.eu-west-1.amazonaws.com",
        None,
        "https://files.s3.eu-west-1.amazonaws.com/own/x",
        Extent::Folder
    )]
    #[case::folder_by_unknown_host(SHARED, "https://files.h", None, "https://files.h/own/x", Extent::Folder)]
    #[case::bucket(
        BUCKETS,
        "https://s3.eu-west-1.amazonaws.com",
        None,
        "https://s3.eu-west-1.amazonaws.com/own/x",
        Extent::Bucket
    )]
    #[case::given(
        SHARED,
        "https://h/files",
        Some("old/shop"),
        "https://h/files/old/shop/x",
        Extent::Given
    )]
    fn files_have_a_place(
        #[case] shape: Shape,
        #[case] endpoint: &str,
        #[case] given: Option<&str>,
        #[case] file: &str,
        #[case] extent: Extent,
    ) {
        let place = place(&shape, &admin(endpoint, given), "own").expect("place");
        assert_eq!((place.file("x").as_str(), place.extent), (file, extent));
        assert_eq!(place.folder().is_some(), extent == Extent::Folder);
    }

    #[rstest]
    #[case(BUCKETS, "https://h/files", None, "it names bucket \"files\"")]
    #[case(BUCKETS, "https://h", Some("files"), "take one of both out")]
    #[case(USERS, "https://h/files", Some("shop"), "take one of both out")]
    #[case(SHARED, "https://s3.eu-west-1.amazonaws.com", None, "it names no bucket")]
    #[case(SHARED, "https://h/Files", None, "\"Files\" is not the name of a bucket")]
    #[case(SHARED, "https://h", Some("a//b"), "key storage-bucket-name")]
    fn contradictions_are_refused(
        #[case] shape: Shape,
        #[case] endpoint: &str,
        #[case] given: Option<&str>,
        #[case] part: &str,
    ) {
        let error = place(&shape, &admin(endpoint, given), "own")
            .expect_err("refused")
            .to_string();
        assert!(error.contains(part), "{error}");
    }
}
