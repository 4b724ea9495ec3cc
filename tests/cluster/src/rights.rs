//! Rights of the cluster's own users: they stand for nothing that the API server knows by itself.

use k8s_openapi::{
    api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

const GROUP: &str = "rbac.authorization.k8s.io";

/// What may be done with some resources of an API group.
pub(crate) fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(owned(resources)),
        verbs: owned(verbs),
        ..PolicyRule::default()
    }
}

/// Objects, named after the user, that let it do this in the whole cluster.
pub(crate) fn of_user(user: &str, rules: Vec<PolicyRule>) -> (ClusterRole, ClusterRoleBinding) {
    let metadata = ObjectMeta {
        name: Some(user.to_owned()),
        ..ObjectMeta::default()
    };
    let role = ClusterRole {
        metadata: metadata.clone(),
        rules: Some(rules),
        aggregation_rule: None,
    };
    let role_ref = RoleRef {
        api_group: Some(GROUP.to_owned()),
        kind: "ClusterRole".to_owned(),
        name: user.to_owned(),
    };
    let subject = Subject {
        api_group: Some(GROUP.to_owned()),
        kind: "User".to_owned(),
        name: user.to_owned(),
        namespace: None,
    };
    let binding = ClusterRoleBinding {
        metadata,
        role_ref,
        subjects: Some(vec![subject]),
    };
    (role, binding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_has_the_role_of_its_name() {
        let (role, binding) = of_user("u", vec![rule("", &["pods"], &["list"])]);
        assert_eq!(
            role.metadata.name.as_deref(),
            Some(binding.role_ref.name.as_str())
        );
        assert_eq!(binding.subjects.unwrap()[0].name, "u");
        assert_eq!(role.rules.unwrap()[0].verbs, ["list"]);
    }
}
