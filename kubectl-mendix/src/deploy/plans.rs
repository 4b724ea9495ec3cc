//! The storage plan of a new app.

use crate::failure::Failure;
use mendix_model::crd::StoragePlan;
use mendix_model::crd::storage::Purpose;

/// The only plan there is for a purpose.
///
/// # Errors
/// There are none, or several: then somebody must choose.
pub(super) fn only_plan(purpose: Purpose, plans: &[StoragePlan]) -> Result<String, Failure> {
    let fitting = names(plans, Some(purpose));
    match fitting.as_slice() {
        [only] => return Ok(only.clone()),
        [] => {}
        several => {
            let message = format!(
                "several storage plans serve purpose {}: {}",
                purpose.as_str(),
                several.join(", ")
            );
            return Err(Failure::new(message).hint(format!("name one with {} PLAN", flag(purpose))));
        }
    }
    // Plans of the official operator do not say what they are for; to guess could give files a database.
    let silent = names(plans, None);
    let message = format!(
        "no storage plan of the namespace serves purpose {}",
        purpose.as_str()
    );
    let hint = if silent.is_empty() {
        "make a StoragePlan, or name a namespace that has one with -n; kubectl get storageplans -A lists them"
            .to_owned()
    } else {
        format!(
            "plans that do not say their purpose: {}; name one with {} PLAN",
            silent.join(", "),
            flag(purpose)
        )
    };
    Err(Failure::new(message).hint(hint))
}

/// The flag that names a plan.
pub(super) const fn flag(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Database => "--database-plan",
        Purpose::File => "--storage-plan",
    }
}

fn names(plans: &[StoragePlan], purpose: Option<Purpose>) -> Vec<String> {
    let mut names: Vec<_> = plans
        .iter()
        .filter(|plan| plan.spec.purpose == purpose)
        .filter_map(|plan| plan.metadata.name.clone())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::StoragePlanSpec;
    use rstest::rstest;

    fn plan(name: &str, purpose: Option<Purpose>) -> StoragePlan {
        let spec = StoragePlanSpec {
            type_: None,
            purpose,
            provisioner: None,
        };
        StoragePlan::new(name, spec)
    }

    #[rstest]
    #[case::one(&[("pg", Some(Purpose::Database)), ("s3", Some(Purpose::File))], Ok("pg"))]
    #[case::several(
        &[("pg", Some(Purpose::Database)), ("db2", Some(Purpose::Database))],
        Err("several storage plans serve purpose database: db2, pg")
    )]
    #[case::none(&[("s3", Some(Purpose::File))], Err("no storage plan of the namespace serves purpose database"))]
    #[case::silent(&[("pg", None)], Err("no storage plan of the namespace serves purpose database"))]
    fn only_a_single_plan_is_taken_without_being_named(
        #[case] plans: &[(&str, Option<Purpose>)],
        #[case] expected: Result<&str, &str>,
    ) {
        let plans: Vec<_> = plans.iter().map(|(name, purpose)| plan(name, *purpose)).collect();
        let found = only_plan(Purpose::Database, &plans).map_err(|failure| failure.message);
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }
}
