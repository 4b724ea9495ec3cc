//! The volumes of runtime pods. Pure.

use super::copies::{Copies, name};
use super::secret_store;
use crate::task_pod::{empty_dir, mount};
use k8s_openapi::api::core::v1::{SecretVolumeSource, Volume, VolumeMount};
use mendix_model::crd::Runtime;
use mendix_model::crd::common::Resources;
use mendix_model::runtime_configuration::{
    CONFIGURATION_FOLDER, DATABASE_FOLDER, FILE_FOLDER, GUARD_FOLDER, SECRET_STORE_FOLDER,
};

/// Volume that hands the guard from the init container to container `mendix`.
pub(crate) const GUARD: &str = "guard";
/// What a runtime writes to: one folder of the volume for each, so that it cannot see the others through one.
const WRITABLE: [(&str, &str); 6] = [
    ("temporary", "/tmp"),
    ("database", "/opt/mendix/app/data/database"),
    ("files", "/opt/mendix/app/data/files"),
    ("model-upload", "/opt/mendix/app/data/model-upload"),
    ("tmp", "/opt/mendix/app/data/tmp"),
    ("preferences", "/opt/mendix/app/.java/.userPrefs"),
];

/// Volumes and where container `mendix` has them.
pub(crate) fn volumes(
    runtime: &Runtime,
    copies: &Copies,
    resources: &Resources,
) -> (Vec<Volume>, Vec<VolumeMount>) {
    let (writable, writable_mounts) = writable(runtime, resources);
    let mut volumes = vec![empty_dir(GUARD, Some("64Mi")), writable];
    let mut mounts = vec![mount(GUARD, GUARD_FOLDER, true)];
    mounts.extend(writable_mounts);
    let secrets = [
        ("configuration", Some(&copies.configuration), CONFIGURATION_FOLDER),
        ("database", copies.database.as_ref(), DATABASE_FOLDER),
        ("file", copies.file.as_ref(), FILE_FOLDER),
        (
            secret_store::VOLUME,
            copies.secret_store.as_ref(),
            SECRET_STORE_FOLDER,
        ),
    ];
    for (volume, secret, folder) in secrets {
        if let Some(secret) = secret {
            volumes.push(secret_volume(volume, name(secret)));
            mounts.push(mount(volume, folder, true));
        }
    }
    if let Some(volume) = secret_store::class_volume(&runtime.spec) {
        volumes.push(volume);
        mounts.push(mount(secret_store::VOLUME, SECRET_STORE_FOLDER, true));
    }
    (volumes, mounts)
}

/// `/tmp` alone, or with a root that is read-only one volume for everything that is written, as large as the
/// container's ephemeral storage (Mendix documentation, "Read-only root filesystem").
fn writable(runtime: &Runtime, resources: &Resources) -> (Volume, Vec<VolumeMount>) {
    if runtime.spec.read_only_root_filesystem != Some(true) {
        return (empty_dir("tmp", None), vec![mount("tmp", "/tmp", false)]);
    }
    let limits = resources.limits.as_ref();
    let size = limits.and_then(|limits| limits.get("ephemeral-storage"));
    let mounts = WRITABLE.iter().map(|(folder, path)| VolumeMount {
        sub_path: Some((*folder).to_owned()),
        ..mount("writable", path, false)
    });
    let volume = empty_dir("writable", size.map(|size| size.0.as_str()));
    (volume, mounts.collect())
}

fn secret_volume(name: &str, secret: String) -> Volume {
    Volume {
        name: name.to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}
