use super::{Case, Check, Rule, Severity, Violation};
use crate::manifest::Database;

pub(super) const RULE: Rule = Rule {
    id: "MX037",
    field: "spec.template.spec.containers",
    statement: "the variables of a workload name one database",
    evidence: "When two variables name two databases, the release of the image decides which one counts; when none \
               does, the app has none. The gate holds its pods.",
    remedy: "correct the variable that the message names",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    case.workload.environment.as_ref()?;
    match &case.workload.database {
        Database::Wrong(found) => Some(rule.saying(found.clone())),
        Database::Named(_) | Database::Elsewhere(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{object, read, said};
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::none(json!({"name": "A", "value": "b"}), "no variable of its pods names a database")]
    #[case::disagreeing(json!({"name": "DATABASE_URL", "value": "postgres://db/crm"}), "name different databases")]
    fn variables_name_one_database(#[case] variable: Value, #[case] expected: &str) {
        let mut object = object("Deployment", "shop", "leader", "shop");
        let env = &mut object["spec"]["template"]["spec"]["containers"][0]["env"];
        let env = env.as_array_mut().expect("variables");
        env.truncate(if expected.starts_with("no ") { 1 } else { 2 });
        env.push(variable);
        let said = said(&[read(&object)]);
        let [only] = &said[..] else { panic!("{said:?}") };
        assert!(only.rule == "MX037" && only.message.contains(expected), "{only}");
    }
}
