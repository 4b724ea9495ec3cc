//! What the accounts of the chart may do.

use crate::render::{EVERYTHING, objects, of_kind};
use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding},
};
use mendix_model::names;
use std::collections::{BTreeMap, BTreeSet};

/// Namespace (empty: everywhere) and rules of every role that is bound to an account of ours or made for people.
fn rules() -> Vec<(String, PolicyRule)> {
    let objects = objects(EVERYTHING).unwrap();
    let roles = of_kind::<Role>(&objects)
        .into_iter()
        .map(|role| (role.metadata, role.rules));
    let cluster_roles = of_kind::<ClusterRole>(&objects).into_iter();
    let cluster_roles = cluster_roles.map(|role| (role.metadata, role.rules));
    roles
        .chain(cluster_roles)
        .flat_map(|(metadata, rules)| {
            let namespace = metadata.namespace.unwrap_or_default();
            rules
                .unwrap_or_default()
                .into_iter()
                .map(move |rule| (namespace.clone(), rule))
        })
        .collect()
}

fn about_secrets(rule: &PolicyRule) -> bool {
    rule.resources
        .iter()
        .flatten()
        .any(|resource| resource == "secrets")
}

#[test]
fn no_right_is_a_wildcard() {
    for (_, rule) in rules() {
        let words = [
            rule.api_groups.clone(),
            rule.resources.clone(),
            Some(rule.verbs.clone()),
        ];
        assert!(
            !words
                .into_iter()
                .flatten()
                .flatten()
                .any(|word| word.contains('*')),
            "{rule:?}"
        );
        assert_eq!(rule.non_resource_urls, None, "{rule:?}");
    }
}

#[test]
fn secrets_are_never_listed_or_watched() {
    let allowed = BTreeSet::from(["get", "create", "patch", "delete"]);
    let rules: Vec<_> = rules()
        .into_iter()
        .filter(|(_, rule)| about_secrets(rule))
        .collect();
    assert!(!rules.is_empty());
    for (_, rule) in rules {
        assert!(
            rule.verbs.iter().all(|verb| allowed.contains(verb.as_str())),
            "{rule:?}"
        );
    }
}

/// Besides them the webhook keeps its own certificate, by name.
#[test]
fn no_secret_is_reached_outside_of_the_managed_namespaces() {
    for (namespace, rule) in rules().into_iter().filter(|(_, rule)| about_secrets(rule)) {
        let own = namespace == "mendix-system"
            && rule.resource_names == Some(vec!["mendix-webhook-certificate".to_owned()]);
        assert!(
            own || ["team-a", "team-b"].contains(&namespace.as_str()),
            "{namespace:?} {rule:?}"
        );
    }
}

#[test]
fn nobody_may_hand_out_rights_or_act_as_others() {
    let forbidden = ["escalate", "bind", "impersonate"];
    for (_, rule) in rules() {
        assert!(
            !rule.verbs.iter().any(|verb| forbidden.contains(&verb.as_str())),
            "{rule:?}"
        );
        assert!(
            !rule
                .api_groups
                .iter()
                .flatten()
                .any(|group| group == "rbac.authorization.k8s.io"),
            "{rule:?}"
        );
    }
}

/// What a cluster role allows, as `resource/names`, if it is bound to an account of ours.
fn allowed_everywhere(name: &str) -> BTreeSet<String> {
    let objects = objects(EVERYTHING).unwrap();
    let bindings: Vec<ClusterRoleBinding> = of_kind(&objects);
    assert!(
        bindings.iter().any(|binding| binding.role_ref.name == name),
        "{name}"
    );
    let roles: Vec<ClusterRole> = of_kind(&objects);
    let bound = roles
        .into_iter()
        .find(|role| role.metadata.name.as_deref() == Some(name));
    let found = bound.unwrap().rules.unwrap().into_iter();
    found
        .flat_map(|rule| {
            let names = rule.resource_names.unwrap_or_default().join(",");
            let resources = rule.resources.unwrap_or_default().into_iter();
            resources.map(move |resource| format!("{resource}/{names}"))
        })
        .collect()
}

#[test]
fn cluster_roles_for_people_are_bound_by_people() {
    let bindings: Vec<ClusterRoleBinding> = of_kind(&objects(EVERYTHING).unwrap());
    let bound: BTreeSet<_> = bindings
        .into_iter()
        .map(|binding| binding.role_ref.name)
        .collect();
    let ours = ["mendix-controller-gate", "mendix-uninstall", "mendix-webhook"];
    assert_eq!(bound, BTreeSet::from(ours.map(str::to_owned)));
}

/// The bindings of two policies and the configurations of the webhook, by name.
#[test]
fn an_uninstall_may_take_the_gate_out_of_force_and_nothing_else() {
    let names = "mendix-gate-birth-managed,mendix-gate-birth-guarded";
    let expected = [
        format!("mutatingadmissionpolicybindings/{names}"),
        format!("validatingadmissionpolicybindings/{names}"),
        "mutatingwebhookconfigurations/mendix-webhook".to_owned(),
        "validatingwebhookconfigurations/mendix-webhook".to_owned(),
    ];
    assert_eq!(allowed_everywhere("mendix-uninstall"), BTreeSet::from(expected));
}

/// The gate guards plain manifests in any namespace; above all it reads no Secret there.
#[test]
fn what_an_account_of_ours_may_everywhere_is_what_the_gate_needs() {
    let expected = [
        "databaseclaims/",
        "environments/",
        "environments/status/",
        "environments/finalizers/",
        "pods/",
        "deployments/",
        "replicasets/",
        "statefulsets/",
        "events/",
        "namespaces/",
        "nodes/",
    ];
    let allowed = allowed_everywhere("mendix-controller-gate");
    assert_eq!(allowed, BTreeSet::from(expected.map(str::to_owned)));
}

/// It looks at workloads everywhere, and writes its own configurations only.
#[test]
fn what_the_webhook_may_everywhere_is_what_its_rules_need() {
    let expected = [
        "deployments/",
        "statefulsets/",
        "daemonsets/",
        "replicasets/",
        "horizontalpodautoscalers/",
        "databaseclaims/",
        "mutatingwebhookconfigurations/mendix-webhook",
        "validatingwebhookconfigurations/mendix-webhook",
    ];
    let allowed = allowed_everywhere("mendix-webhook");
    assert_eq!(allowed, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn task_accounts_have_the_names_that_the_model_says_and_only_their_rights() {
    let objects = objects(EVERYTHING).unwrap();
    for namespace in ["team-a", "team-b"] {
        let accounts: Vec<ServiceAccount> = of_kind(&objects);
        let here = accounts
            .iter()
            .filter(|account| account.metadata.namespace.as_deref() == Some(namespace));
        let named: BTreeMap<_, _> = here
            .map(|account| (account.metadata.name.as_deref().unwrap(), account))
            .collect();
        assert!(named.contains_key(names::STORAGE_PROVISIONER_ACCOUNT));
        assert_eq!(
            named[names::BUILDER_ACCOUNT].automount_service_account_token,
            Some(false)
        );
    }
    let bindings: Vec<RoleBinding> = of_kind(&objects);
    let subjects = |binding: &RoleBinding| {
        binding
            .subjects
            .iter()
            .flatten()
            .map(|subject| subject.name.clone())
            .collect::<Vec<_>>()
    };
    assert!(
        bindings
            .iter()
            .all(|binding| !subjects(binding).contains(&names::BUILDER_ACCOUNT.to_owned()))
    );
    let provisioner = bindings
        .iter()
        .filter(|binding| subjects(binding) == [names::STORAGE_PROVISIONER_ACCOUNT]);
    assert_eq!(
        provisioner
            .map(|binding| binding.role_ref.name.as_str())
            .collect::<Vec<_>>(),
        [names::STORAGE_PROVISIONER_ACCOUNT; 2]
    );
    for role in of_kind::<Role>(&objects) {
        if role.metadata.name.as_deref() == Some(names::STORAGE_PROVISIONER_ACCOUNT) {
            let rules = role.rules.unwrap();
            assert_eq!(
                (rules.len(), &rules[0].verbs[..]),
                (1, &["create".to_owned()][..])
            );
            assert_eq!(rules[0].resources, Some(vec!["secrets".to_owned()]));
        }
    }
}
