//! Warnings about fields that are set and change nothing, for a `ValidatingAdmissionPolicy`. Pure.

use super::{Field, Ours, Table};
use serde::Serialize;

/// One validation of a `ValidatingAdmissionPolicy` (Kubernetes documentation, "Validating Admission Policy").
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Validation {
    /// True while the field is not set. Null sets nothing.
    pub expression: String,
    /// Names the field and says why it has no effect.
    pub message: String,
}

impl Table {
    /// A validation for each field that has no effect.
    pub fn unused(&self) -> Vec<Validation> {
        self.fields.iter().filter_map(Field::unused).collect()
    }
}

impl Field {
    fn unused(&self) -> Option<Validation> {
        let Ours::Ignored(why) = self.ours else {
            return None;
        };
        // By index and not by name: some of the names, such as `namespace`, are words of the language.
        let steps = self.path.replace('.', "'][?'");
        Some(Validation {
            expression: format!("object[?'spec'][?'{steps}'].orValue(null) == null"),
            message: format!("spec.{} has no effect: {why}", self.path),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TABLES, Table, app};

    #[test]
    fn a_field_without_effect_is_told() {
        let unused = app::TABLE.unused();
        assert_eq!(
            unused[0].expression,
            "object[?'spec'][?'database'][?'serviceClass'].orValue(null) == null"
        );
        assert_eq!(
            unused[0].message,
            "spec.database.serviceClass has no effect: operators of 2020 had it; name a storage plan in `servicePlan`"
        );
        assert!(
            unused
                .iter()
                .all(|it| !it.message.contains("servicePlan has no effect"))
        );
    }

    /// The expression of a field below a list would look at the list itself.
    #[test]
    fn no_field_without_effect_is_below_a_list() {
        let all = TABLES.iter().flat_map(Table::unused);
        let below: Vec<_> = all.filter(|it| it.expression.contains("[]")).collect();
        assert!(below.is_empty(), "{below:?}");
    }
}
