//! Where a process of a plain manifest stands, decided from its variables. Pure.

use crate::lease::{self, Absence, Given, Part};
use mendix_model::database::keys_from_variables;
use mendix_model::lease::Told;
use mendix_model::names::Role;
use mendix_model::runtime_configuration::variable;
use std::collections::BTreeMap;

type Variables = BTreeMap<String, String>;

/// A role that cannot be told. A process that is none of these is held at the gate; it came here by another way.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "failed to tell the role of the pod: {name} is {value:?}; set label kubectl-mendix.io/role of the pod template to leader, \
     worker, peer, or in a StatefulSet ordinal",
    name = variable::ROLE
)]
pub(super) struct RoleError {
    value: String,
}

/// Leader or worker. Peers choose their leader by themselves, so to the lease each is a worker, of which several run.
pub(super) fn role(variables: &Variables) -> Result<Role, RoleError> {
    let value = given(variables, variable::ROLE);
    let role = match value {
        "leader" => Some(Role::Leader),
        "worker" | "peer" => Some(Role::Worker),
        "ordinal" => ordinal(given(variables, variable::POD)),
        _ => None,
    };
    role.ok_or_else(|| RoleError {
        value: value.to_owned(),
    })
}

/// Pod number 0 of a `StatefulSet` leads.
fn ordinal(pod: &str) -> Option<Role> {
    let (_, number) = pod.rsplit_once('-')?;
    let number: u32 = number.parse().ok()?;
    Some(if number == 0 { Role::Leader } else { Role::Worker })
}

/// What the process has to do with the database; `instance` is random.
pub(super) fn part(variables: &Variables, role: Role, instance: String) -> Result<Part, Absence> {
    let namespace = given(variables, variable::NAMESPACE);
    let database =
        keys_from_variables(variables, namespace).map_err(|problem| Absence::Unknown(problem.to_string()))?;
    let place = Given {
        told: told(given(variables, variable::LEASE)),
        pod: given(variables, variable::POD).to_owned(),
        role,
        keys: database,
        // No manifest says which authorities its app trusts besides the usual ones.
        authorities: Vec::new(),
    };
    lease::part(place, instance)
}

/// Written by the controller. What another release wrote in another form is as if it were not there.
fn told(text: &str) -> Option<Told> {
    serde_json::from_str(text).ok()
}

fn given<'a>(variables: &'a Variables, name: &str) -> &'a str {
    variables.get(name).map(String::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn variables(all: &[(&str, &str)]) -> Variables {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        all.iter().map(owned).collect()
    }

    fn told() -> String {
        let owner = json!({"cluster": "here", "namespace": "shop", "environment": "till"});
        json!({"owner": owner, "model": "sha256:1", "leaderSelection": "assigned"}).to_string()
    }

    fn absence(all: &[(&str, &str)]) -> Option<Absence> {
        part(&variables(all), Role::Leader, "i".to_owned()).err()
    }

    #[rstest]
    #[case::leader("leader", "shop-x", Some(Role::Leader))]
    #[case::worker("worker", "shop-x", Some(Role::Worker))]
    #[case::peer("peer", "shop-x", Some(Role::Worker))]
    #[case::first("ordinal", "shop-0", Some(Role::Leader))]
    #[case::other("ordinal", "shop-10", Some(Role::Worker))]
    #[case::no_number("ordinal", "shop-x7k2p", None)]
    #[case::no_role("chief", "shop-0", None)]
    #[case::nothing("", "shop-0", None)]
    fn the_label_and_the_name_tell_the_role(
        #[case] label: &str,
        #[case] pod: &str,
        #[case] expected: Option<Role>,
    ) {
        let variables = variables(&[("MENDIX_ROLE", label), ("MENDIX_POD", pod)]);
        assert_eq!(role(&variables).ok(), expected);
    }

    #[test]
    fn a_process_that_is_told_all_takes_part() {
        let database = ("DATABASE_ENDPOINT", "postgres://me:it@db:5432/shop");
        assert_eq!(absence(&[database, ("MENDIX_LEASE", &told())]), None);
    }

    #[rstest]
    #[case::not_opened("", Absence::NotTold)]
    #[case::another_form("{}", Absence::NotTold)]
    fn who_is_not_told_takes_no_part(#[case] told: &str, #[case] expected: Absence) {
        let database = ("DATABASE_ENDPOINT", "postgres://me:it@db:5432/shop");
        assert_eq!(absence(&[database, ("MENDIX_LEASE", told)]), Some(expected));
    }

    #[test]
    fn a_database_that_cannot_be_told_is_none_and_no_value_is_shown() {
        let two = [
            ("DATABASE_ENDPOINT", "postgres://me:hush@db/shop"),
            ("DATABASE_URL", "postgres://me:hush@db/crm"),
        ];
        let Some(Absence::Unknown(problem)) = absence(&two) else {
            panic!("known");
        };
        assert!(
            problem.contains("DATABASE_URL") && !problem.contains("hush"),
            "{problem}"
        );
        assert!(matches!(absence(&[]), Some(Absence::Unknown(_))));
    }
}
