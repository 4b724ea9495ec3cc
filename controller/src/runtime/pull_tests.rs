use super::*;
use crate::runtime::plan::tests::{observed, runtime};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use rstest::rstest;
use serde_json::{Value, json};

const NEXT: &str = "registry/shop@sha256:1";
const EARLIER: &str = "registry/shop@sha256:0";

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

/// A pod of the app with this image, on a node.
fn serving(image: &str, node: &str) -> Pod {
    let spec = json!({"nodeName": node, "containers": [{"name": "mendix", "image": image}]});
    serde_json::from_value(json!({"metadata": {"name": "shop-master-0"}, "spec": spec})).expect("a pod")
}

fn of(pods: Vec<Pod>, pullers: Vec<Pod>, now: Timestamp) -> Pulls {
    let observed = Observed {
        pods,
        pullers,
        ..observed()
    };
    pulls(&runtime(), &observed, &PodSpec::default(), now)
}

/// The pod that pulls on node `one`, as its kubelet has left it.
fn puller(phase: &str, image: &str, state: &Value) -> Pod {
    let mut pod = of(vec![serving(EARLIER, "one")], Vec::new(), at(0))
        .create
        .remove(0);
    pod.metadata.creation_timestamp = Some(Time(at(0)));
    let status = json!({"phase": phase, "containerStatuses": [{
        "name": "pull", "image": "", "imageID": image, "ready": false, "restartCount": 0, "state": state,
    }]});
    pod.status = serde_json::from_value(status).expect("a status");
    pod
}

#[test]
fn each_node_that_serves_pulls_once() {
    let pods = vec![
        serving(EARLIER, "one"),
        serving(EARLIER, "two"),
        serving(EARLIER, "one"),
    ];
    let pulls = of(pods, Vec::new(), at(0));
    let nodes = pulls.create.iter().map(|pod| {
        let pod = serde_json::to_value(pod).expect("json");
        let terms =
            &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].clone()
    });
    let mut nodes: Vec<_> = nodes.collect();
    nodes.sort_by_key(ToString::to_string);
    assert_eq!(nodes, [json!("one"), json!("two")]);
    assert!(matches!(pulls.waits, Some(Waits::For(_))));
}

#[rstest]
#[case::nothing_serves(Vec::new())]
#[case::it_serves_already(vec![serving(NEXT, "one")])]
fn where_no_earlier_image_serves_nothing_is_waited_for(#[case] pods: Vec<Pod>) {
    assert_eq!(of(pods, Vec::new(), at(0)), Pulls::default());
}

#[rstest]
#[case::at_work("Pending", "", json!({"waiting": {"reason": "ContainerCreating"}}), 1, Some("is pulled on node one"), 0)]
#[case::cannot(
    "Pending", "", json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}}), 1,
    Some("cannot be pulled on node one: ErrImagePull"), 0
)]
#[case::told("Failed", "registry/shop@sha256:1", json!({}), 1, None, 0)]
#[case::evicted("Failed", "", json!({}), 1, Some("is pulled on node one"), 1)]
#[case::no_room("Pending", "", json!({}), 11, None, 0)]
fn the_image_changes_once_it_is_there(
    #[case] phase: &str,
    #[case] image: &str,
    #[case] state: Value,
    #[case] minutes: i64,
    #[case] waits: Option<&str>,
    #[case] deleted: usize,
) {
    let pulls = of(
        vec![serving(EARLIER, "one")],
        vec![puller(phase, image, &state)],
        at(minutes),
    );
    match (&pulls.waits, waits) {
        (Some(Waits::For(said) | Waits::InVain(said)), Some(words)) => {
            assert!(said.contains(words), "{said}");
        }
        (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{found:?}"),
    }
    assert_eq!((pulls.create.len(), pulls.delete.len()), (0, deleted));
}

#[test]
fn what_has_pulled_goes_with_the_earlier_image() {
    let pulls = of(
        vec![serving(NEXT, "one")],
        vec![puller("Failed", NEXT, &json!({}))],
        at(1),
    );
    assert_eq!((pulls.waits, pulls.delete.len()), (None, 1));
}
