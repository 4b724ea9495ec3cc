use super::guarded;
use rstest::rstest;
use serde_json::{Value, json};

const IMAGE: &str = "registry.example.com/mendix:1";

/// A pod of a worker that asks for the guard.
fn pod() -> Value {
    json!({
        "metadata": {
            "generateName": "shop-worker-",
            "labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "worker"},
            "annotations": {"kubectl-mendix.io/inject-guard": "true"},
        },
        "spec": {
            "containers": [
                {"name": "proxy", "image": "proxy:1"},
                {
                    "name": "app", "image": "shop:1", "command": ["/opt/mendix/build/startup"], "args": ["-v"],
                    "env": [{"name": "DATABASE_ENDPOINT", "value": "postgres://u:p@db/shop"}],
                    "securityContext": {"runAsNonRoot": true, "runAsUser": 1001, "privileged": false},
                },
            ],
            "terminationGracePeriodSeconds": 60,
            "volumes": [{"name": "guard", "emptyDir": {}}],
        },
    })
}

fn changed(pod: &Value) -> Value {
    guarded(pod, IMAGE).expect("not refused").expect("changed")
}

#[test]
#[expect(clippy::too_many_lines, reason = "the object as a whole is what is held")]
fn the_guard_is_put_before_the_app() {
    insta::assert_yaml_snapshot!(changed(&pod())["spec"], @r#"
    containers:
      - image: "proxy:1"
        name: proxy
      - args:
          - "-v"
        command:
          - /run/mendix/guard/mendix
          - guard
          - keep
          - "--grace=60"
          - "--"
          - /opt/mendix/build/startup
        env:
          - name: DATABASE_ENDPOINT
            value: "postgres://u:p@db/shop"
          - name: MENDIX_POD
            valueFrom:
              fieldRef:
                fieldPath: metadata.name
          - name: MENDIX_NAMESPACE
            valueFrom:
              fieldRef:
                fieldPath: metadata.namespace
          - name: MENDIX_ROLE
            valueFrom:
              fieldRef:
                fieldPath: "metadata.labels['kubectl-mendix.io/role']"
          - name: MENDIX_LEASE
            valueFrom:
              fieldRef:
                fieldPath: "metadata.annotations['kubectl-mendix.io/lease']"
        image: "shop:1"
        name: app
        securityContext:
          privileged: false
          runAsNonRoot: true
          runAsUser: 1001
        volumeMounts:
          - mountPath: /run/mendix/guard
            name: kubectl-mendix-guard
            readOnly: true
    initContainers:
      - command:
          - /mendix
          - guard
          - install
          - /run/mendix/guard
        image: "registry.example.com/mendix:1"
        name: kubectl-mendix-guard
        resources:
          limits:
            cpu: 250m
            ephemeral-storage: 64Mi
            memory: 64Mi
          requests:
            cpu: 10m
            ephemeral-storage: 64Mi
            memory: 16Mi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop:
              - ALL
          readOnlyRootFilesystem: true
          runAsNonRoot: true
          runAsUser: 1001
        volumeMounts:
          - mountPath: /run/mendix/guard
            name: kubectl-mendix-guard
    terminationGracePeriodSeconds: 60
    volumes:
      - emptyDir: {}
        name: guard
      - emptyDir:
          sizeLimit: 64Mi
        name: kubectl-mendix-guard
    "#);
}

#[test]
fn what_was_added_is_not_added_again() {
    let mut once = changed(&pod());
    assert_eq!(guarded(&once, IMAGE), Ok(None));
    // As the API server hands it on, with its defaults.
    once["spec"]["initContainers"][0]["imagePullPolicy"] = json!("IfNotPresent");
    once["spec"]["containers"][1]["env"][1]["valueFrom"]["fieldRef"]["apiVersion"] = json!("v1");
    assert_eq!(guarded(&once, IMAGE), Ok(None));
}

#[test]
fn what_the_guard_is_told_is_not_the_manifests_to_say() {
    let mut pod = pod();
    pod["metadata"]["annotations"]["kubectl-mendix.io/container"] = json!("app");
    let lie = json!({"name": "MENDIX_LEASE", "value": "{}"});
    pod["spec"]["containers"][1]["env"] = json!([lie, {"name": "A", "value": "b"}, lie]);
    let env = &changed(&pod)["spec"]["containers"][1]["env"];
    let names: Vec<_> = env
        .as_array()
        .expect("variables")
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(
        names,
        [
            "MENDIX_LEASE",
            "A",
            "MENDIX_POD",
            "MENDIX_NAMESPACE",
            "MENDIX_ROLE"
        ]
    );
    let path = &env[0]["valueFrom"]["fieldRef"]["fieldPath"];
    assert_eq!(path, "metadata.annotations['kubectl-mendix.io/lease']");
}

#[rstest]
#[case::not_asked("/metadata/annotations", json!({"kubectl-mendix.io/inject-guard": "yes"}))]
#[case::no_environment("/metadata/labels", json!({"kubectl-mendix.io/role": "worker"}))]
#[case::of_ours("/metadata/labels", json!({"kubectl-mendix.io/environment": "shop",
    "kubectl-mendix.io/component": "runtime"}))]
#[case::mirror("/metadata/annotations", json!({"kubectl-mendix.io/inject-guard": "true",
    "kubernetes.io/config.mirror": "0"}))]
#[case::unclear("/spec/containers", json!([{"name": "one"}, {"name": "other"}]))]
#[case::unreadable("/spec/containers", json!([{"name": 1}]))]
fn other_pods_stay_as_they_are(#[case] place: &str, #[case] value: Value) {
    let mut pod = pod();
    *pod.pointer_mut(place).expect("there") = value;
    assert_eq!(guarded(&pod, IMAGE), Ok(None));
}

#[rstest]
#[case::none(json!(null))]
#[case::empty(json!([]))]
fn without_a_command_the_guard_has_nothing_to_start(#[case] command: Value) {
    let mut pod = pod();
    pod["spec"]["containers"][1]["command"] = command;
    let violation = guarded(&pod, IMAGE).expect_err("refused").to_string();
    assert!(
        violation.starts_with("MX042 spec.containers: container app "),
        "{violation}"
    );
}
