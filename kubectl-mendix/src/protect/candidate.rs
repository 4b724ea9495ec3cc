//! Labels for a workload that looks like an app of Mendix and has none: a proposal, which a person must judge. Pure.

use super::workload::Workload;
use mendix_model::manifest::{Kind, Variables, is_telling};
use mendix_model::names;
use std::collections::{BTreeMap, BTreeSet};

/// Endings by which people tell the workloads of one app apart.
const ENDINGS: [&str; 8] = [
    "-leader", "-master", "-worker", "-workers", "-slave", "-slaves", "-runtime", "-app",
];

/// The two labels.
pub(super) fn labels(workload: &Workload, variables: &Variables) -> BTreeMap<String, String> {
    BTreeMap::from([
        (names::ENVIRONMENT_LABEL.to_owned(), environment(&workload.name)),
        (
            names::ROLE_LABEL.to_owned(),
            role(workload.kind, variables).to_owned(),
        ),
    ])
}

fn environment(name: &str) -> String {
    let short = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    short.filter(|short| !short.is_empty()).unwrap_or(name).to_owned()
}

fn role(kind: Kind, variables: &Variables) -> &'static str {
    let names = variables.literal.keys().chain(variables.elsewhere.keys());
    let index = variables.literal.get("CF_INSTANCE_INDEX").map(String::as_str);
    match index {
        _ if names.into_iter().any(|name| name.starts_with("RUNTIME_PARAMS_")) => "peer",
        Some("0") => "leader",
        Some(_) => "worker",
        None if kind == Kind::StatefulSet => "ordinal",
        None => "leader",
    }
}

/// The variables by which it looks like one.
pub(super) fn telling(variables: &Variables) -> BTreeSet<String> {
    let names = variables.literal.keys().chain(variables.elsewhere.keys());
    names.filter(|name| is_telling(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::ending("shop-worker", "shop")]
    #[case::none("shop", "shop")]
    #[case::nothing_left("-app", "-app")]
    fn workloads_of_one_app_get_one_name(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(environment(name), expected);
    }

    #[rstest]
    #[case::leader(Kind::Deployment, &[("CF_INSTANCE_INDEX", "0")], "leader")]
    #[case::worker(Kind::Deployment, &[("CF_INSTANCE_INDEX", "1")], "worker")]
    #[case::buildpack_alone(Kind::Deployment, &[("DATABASE_ENDPOINT", "x")], "leader")]
    #[case::numbered(Kind::StatefulSet, &[("DATABASE_ENDPOINT", "x")], "ordinal")]
    #[case::portable(Kind::Deployment, &[("RUNTIME_PARAMS_DATABASEHOST", "x")], "peer")]
    fn roles_follow_the_image(#[case] kind: Kind, #[case] env: &[(&str, &str)], #[case] expected: &str) {
        let literal = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let variables = Variables {
            literal,
            ..Variables::default()
        };
        assert_eq!(role(kind, &variables), expected);
    }
}
