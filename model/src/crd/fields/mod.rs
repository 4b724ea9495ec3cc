//! What became of each field of the official resources: the facts of `docs/fields.md`, beside the types.
//!
//! Versions are those of the Mendix documentation ("Mendix on Kubernetes") and its release notes.

mod app;
mod document;
mod operator_configuration;
pub mod path;
mod schema;
mod unused;

pub use document::document;
pub use schema::leaves;
pub use unused::Validation;

use std::fmt;

/// The documentation does not tell the version.
const UNKNOWN: &str = "unknown";
/// The field is ours; the official operator has none like it.
const OURS: &str = "ours";

/// The fields of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Kind of the resource.
    pub kind: &'static str,
    /// One entry for each field below `spec`, in the order of the types.
    pub fields: &'static [Field],
    /// Fields whose types are those of Kubernetes: one entry stands for all that is below.
    pub whole: &'static [&'static str],
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Path below `spec`; items of lists as `[]`, such as `runtime.clientCertificates[].pinTo`.
    pub path: &'static str,
    /// First official version that has it.
    pub since: &'static str,
    /// What we do with it.
    pub ours: Ours,
}

/// What we do with a field.
#[derive(Clone, Copy, Debug)]
pub enum Ours {
    /// What the documentation says. A test shows for each place that the field reaches it.
    Done(&'static [Reach]),
    /// Something else, in words; tested all the same.
    Differs(&'static [Reach], &'static str),
    /// Nothing, and why. A test shows that nothing changes with it.
    Ignored(&'static str),
}

/// A place that a field reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// What is asked of a storage plan.
    Store,
    /// The build pod.
    Build,
    /// The pods of the provisioners.
    Provisioner,
    /// Number and order of the runtime's pods.
    Deployments,
    /// The runtime's pods.
    Pods,
    /// The disruption budget.
    Budget,
    /// The Service.
    Service,
    /// The Ingress.
    Ingress,
    /// The Route of `OpenShift`.
    Route,
    /// The `HTTPRoute` of the Gateway API.
    HttpRoute,
    /// The Secret with the certificate of the Ingress.
    Certificate,
    /// The address of the app, as it is told to the app itself.
    Address,
    /// The Runtime, as with the official operator.
    Runtime,
    /// An action of the admin port.
    Admin(&'static str),
    /// The options of the Java machine.
    Java,
}

impl fmt::Display for Reach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => formatter.write_str("StorageInstance"),
            Self::Build => formatter.write_str("build pod"),
            Self::Provisioner => formatter.write_str("provisioner pods"),
            Self::Deployments => formatter.write_str("Deployments"),
            Self::Pods => formatter.write_str("runtime pods"),
            Self::Budget => formatter.write_str("PodDisruptionBudget"),
            Self::Service => formatter.write_str("Service"),
            Self::Ingress => formatter.write_str("Ingress"),
            Self::Route => formatter.write_str("Route"),
            Self::HttpRoute => formatter.write_str("HTTPRoute"),
            Self::Certificate => formatter.write_str("TLS Secret"),
            Self::Address => formatter.write_str("address of the app"),
            Self::Runtime => formatter.write_str("Runtime"),
            Self::Admin(action) => write!(formatter, "admin request `{action}`"),
            Self::Java => formatter.write_str("`JAVA_TOOL_OPTIONS`"),
        }
    }
}

impl Reach {
    /// Whether the guard brings the field there, and not the controller alone.
    pub const fn is_of_the_guard(self) -> bool {
        matches!(self, Self::Admin(_) | Self::Java)
    }
}

impl Ours {
    /// The places; none for a field that is ignored.
    pub const fn reaches(self) -> &'static [Reach] {
        match self {
            Self::Done(reaches) | Self::Differs(reaches, _) => reaches,
            Self::Ignored(_) => &[],
        }
    }
}

impl Field {
    const fn done(path: &'static str, since: &'static str, reaches: &'static [Reach]) -> Self {
        let ours = Ours::Done(reaches);
        Self { path, since, ours }
    }

    const fn differs(
        path: &'static str,
        since: &'static str,
        reaches: &'static [Reach],
        how: &'static str,
    ) -> Self {
        let ours = Ours::Differs(reaches, how);
        Self { path, since, ours }
    }

    const fn ignored(path: &'static str, since: &'static str, why: &'static str) -> Self {
        let ours = Ours::Ignored(why);
        Self { path, since, ours }
    }
}

/// The tables of both resources that users and providers of platforms write.
pub const TABLES: &[Table] = &[app::TABLE, operator_configuration::TABLE];

#[cfg(test)]
mod tests {
    use super::{Ours, TABLES, leaves};
    use std::collections::BTreeSet;

    #[test]
    fn every_field_of_the_schema_has_an_entry_and_every_entry_a_field() {
        for table in TABLES {
            let schema: BTreeSet<String> = leaves(table).into_iter().collect();
            let entries: BTreeSet<String> = table.fields.iter().map(|field| field.path.to_owned()).collect();
            let missing: Vec<_> = schema.difference(&entries).collect();
            let unknown: Vec<_> = entries.difference(&schema).collect();
            assert!(missing.is_empty(), "{}: no entry for {missing:?}", table.kind);
            assert!(unknown.is_empty(), "{}: no field for {unknown:?}", table.kind);
            assert_eq!(
                entries.len(),
                table.fields.len(),
                "{}: an entry twice",
                table.kind
            );
        }
    }

    #[test]
    fn what_is_not_ignored_reaches_something_and_every_difference_is_told() {
        for field in TABLES.iter().flat_map(|table| table.fields) {
            let (reaches, words) = match field.ours {
                Ours::Done(reaches) => (!reaches.is_empty(), true),
                Ours::Differs(reaches, how) => (!reaches.is_empty(), !how.is_empty()),
                Ours::Ignored(why) => (true, !why.is_empty()),
            };
            assert!(reaches && words, "{}", field.path);
        }
    }
}
