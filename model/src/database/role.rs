//! Whether the variables of a container contradict the role that its pod declares.
//!
//! The buildpack takes an instance for the leader when `CF_INSTANCE_INDEX` is `0` or not set, and lets it change the
//! schema; the runtime takes itself for it unless setting `com.mendix.core.isClusterSlave` says otherwise, which
//! `MXRUNTIME_…` and `CUSTOM_RUNTIME_SETTINGS` overwrite. Both must agree with the role (source: the buildpack's own
//! code). The portable runtime knows neither: it always chooses its leader through the database (Mendix documentation,
//! "Clustered Mendix Runtime").

mod declared;
mod index;
mod setting;
#[cfg(test)]
mod tests;

pub use declared::{Declared, Value, declared};
pub use index::VARIABLE as INDEX;

use crate::crd::claim::Role;

const PORTABLE_PREFIX: &str = "RUNTIME_PARAMS_";
const PORTABLE_WORKER: &str = "the portable runtime chooses its leader through the database and cannot be told to be \
                               a worker: set role peer, or remove the variables RUNTIME_PARAMS_… when the image is \
                               not a portable one";

/// What is wrong with the role of a pod, and what to set; nothing when it fits.
///
/// `ordinal` is the number at the end of the pod's host name, where it is that of a `StatefulSet`'s pod: the buildpack
/// for Docker takes it for the index when none is set. It is nothing for other pods, and for those whose host name is
/// not their own (host network, `setHostnameAsFQDN`).
pub fn contradiction(role: Role, variables: &[Declared<'_>], ordinal: Option<u32>) -> Option<String> {
    match role {
        Role::Leader if is_portable(variables) && for_buildpack(variables).is_none() => None,
        Role::Worker if is_portable(variables) => Some(PORTABLE_WORKER.to_owned()),
        Role::Leader => assigned(true, variables, ordinal),
        Role::Worker => assigned(false, variables, ordinal),
        Role::Peer => for_buildpack(variables).map(|variable| {
            format!(
                "variable {variable} is for the buildpack, whose instances do not choose their leader: set role \
                 leader or worker, or remove the variable when the image is a portable one"
            )
        }),
        Role::Unknown => None,
    }
}

fn assigned(leads: bool, variables: &[Declared<'_>], ordinal: Option<u32>) -> Option<String> {
    index::contradiction(leads, variables, ordinal).or_else(|| setting::contradiction(leads, variables))
}

fn is_portable(variables: &[Declared<'_>]) -> bool {
    variables
        .iter()
        .any(|variable| variable.name.starts_with(PORTABLE_PREFIX))
}

/// A variable that only the buildpack reads.
fn for_buildpack<'a>(variables: &[Declared<'a>]) -> Option<&'a str> {
    let known = [index::VARIABLE, super::variables::CUSTOM, "DATABASE_ENDPOINT"];
    // Others read these too, but then have variables of their own beside them.
    let common = ["DATABASE_URL", "VCAP_SERVICES"];
    let portable = is_portable(variables);
    let of_buildpack = |name: &&str| {
        known.contains(name) || name.starts_with(setting::PREFIX) || !portable && common.contains(name)
    };
    variables.iter().map(|variable| variable.name).find(of_buildpack)
}
