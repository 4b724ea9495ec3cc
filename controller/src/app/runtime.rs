//! The Runtime of an app. Pure.

use crate::metadata;
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::crd::{MendixApp, Runtime, RuntimeSpec};
use mendix_model::names;

pub(crate) fn runtime(app: &MendixApp, spec: RuntimeSpec) -> Runtime {
    let name = app.name_any();
    let author = metadata::author(app).map(|(_, author)| (names::REQUESTED_BY_ANNOTATION.to_owned(), author));
    Runtime {
        metadata: ObjectMeta {
            annotations: author.map(|author| [author].into()),
            ..metadata::owned(app, &name, name.clone())
        },
        spec,
        status: None,
    }
}
