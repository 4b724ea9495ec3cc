use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;
use crate::crd::common::LeaderSelection;

/// Mendix documentation, "Editing the CR": the runtime chooses a leader by itself from 10.24 on.
const FIRST: (u64, u64) = (10, 24);

pub(super) const RULE: Rule = Rule {
    id: "MX107",
    field: "spec.runtimeLeaderSelection",
    statement: "leaderless needs Mendix Runtime 10.24 or later",
    evidence: "Earlier runtimes cannot choose a leader among themselves: every pod would lead.",
    remedy: "choose assigned, or upgrade the app",
    severity: Severity::Refusal,
    check: Check::App(check),
};

/// Without `mendixRuntimeVersion` nothing is known yet; an unknown form is for the build to judge.
fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let leaderless = app.spec.runtime_leader_selection == Some(LeaderSelection::Leaderless);
    let version = app.spec.mendix_runtime_version.as_deref().and_then(version);
    rule.when(leaderless && version.is_some_and(|version| version < FIRST))
}

fn version(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::older("leaderless", "10.23.1.2", &["MX107"])]
    #[case::much_older("leaderless", "9.24.0", &["MX107"])]
    #[case::first("leaderless", "10.24.0.1", &[])]
    #[case::newer("leaderless", "11.0.0", &[])]
    #[case::unknown("leaderless", "next", &[])]
    #[case::assigned("assigned", "9.24.0", &[])]
    fn older_runtimes_need_a_leader(
        #[case] selection: &str,
        #[case] version: &str,
        #[case] expected: &[&str],
    ) {
        let spec = json!({"runtimeLeaderSelection": selection, "mendixRuntimeVersion": version});
        assert_eq!(violated(&spec), expected);
    }
}
