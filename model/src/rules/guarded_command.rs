use super::{Case, Check, Rule, Severity, Violation};

/// Who asks for the guard relies on it: to start without it would be the worse answer.
pub(super) const RULE: Rule = Rule {
    id: "MX042",
    field: "spec.template.spec.containers",
    statement: "a container that is to start under the guard says its command",
    evidence: "The guard starts the app as its child. What an image starts by itself stands in the image, which neither \
               guard nor webhook can read.",
    remedy: "set its command to what the image starts, such as [\"/opt/mendix/build/startup\"] of \
             docker-mendix-buildpack, or take annotation kubectl-mendix.io/inject-guard off",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let container = case.workload.unguardable.as_deref()?;
    Some(rule.because(&found(container)))
}

/// MX042, for a pod whose guard is to be added.
pub fn unguardable(container: &str) -> Violation {
    Violation {
        field: "spec.containers".to_owned(),
        ..RULE.because(&found(container))
    }
}

fn found(container: &str) -> String {
    format!("container {container} is to start under the guard and says no command")
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{object, read, violated};
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::no_command("true", json!(null), &["MX042"])]
    #[case::arguments_alone("true", json!([]), &["MX042"])]
    #[case::command("true", json!(["/opt/mendix/build/startup"]), &[])]
    #[case::not_asked("false", json!(null), &[])]
    fn who_asks_for_the_guard_says_a_command(
        #[case] asked: &str,
        #[case] command: Value,
        #[case] expected: &[&str],
    ) {
        let mut object = object("Deployment", "shop", "leader", "shop");
        let template = &mut object["spec"]["template"];
        template["metadata"]["annotations"] = json!({"kubectl-mendix.io/inject-guard": asked});
        template["spec"]["containers"][0]["command"] = command;
        assert_eq!(violated(&[read(&object)]), expected);
    }

    #[test]
    fn what_is_not_guarded_can_ask_in_vain() {
        let mut object = object("Deployment", "shop", "leader", "shop");
        object["spec"]["template"]["metadata"] =
            json!({"annotations": {"kubectl-mendix.io/inject-guard": "true"}});
        assert!(violated(&[read(&object)]).is_empty());
    }
}
