//! Fills the memory and keeps it up to date.

use super::{Known, Objects, Subject};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use kube::Client;
use kube::api::{Api, ApiResource};
use kube::core::{DynamicObject, GroupVersionKind, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use std::sync::Arc;

/// Objects of one answer while a list is read: all of an answer are in memory at once, in full.
const PAGE: u32 = 50;

/// Watches everything of the whole cluster, for ever.
pub(crate) async fn watch(client: Client, known: Arc<Known>) {
    let all = Subject::ALL.map(|subject| follow(events(&client, subject), subject, &known));
    futures::future::join_all(all).await;
}

type Events = BoxStream<'static, Result<Event<DynamicObject>, watcher::Error>>;

/// Of claims only the metadata.
fn events(client: &Client, subject: Subject) -> Events {
    let (group, version, kind) = subject.kind();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let config = watcher::Config::default().page_size(PAGE);
    if subject == Subject::Claims {
        let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(client.clone(), &resource);
        let events = watcher(api, config).map_ok(move |event| of_metadata(event, &resource));
        return events.default_backoff().boxed();
    }
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    watcher(api, config).default_backoff().boxed()
}

fn of_metadata(
    event: Event<PartialObjectMeta<DynamicObject>>,
    resource: &ApiResource,
) -> Event<DynamicObject> {
    let whole = |metadata: PartialObjectMeta<DynamicObject>| DynamicObject {
        metadata: metadata.metadata,
        ..DynamicObject::new("", resource)
    };
    match event {
        Event::Apply(it) => Event::Apply(whole(it)),
        Event::Delete(it) => Event::Delete(whole(it)),
        Event::InitApply(it) => Event::InitApply(whole(it)),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    }
}

async fn follow(mut events: Events, subject: Subject, known: &Known) {
    let mut list = Objects::default();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => take(event, subject, known, &mut list),
            Err(error) => {
                tracing::warn!(kind = subject.kind().2, "Failed to watch: {error}; trying again");
            }
        }
    }
}

/// While a list is read again, what was known before counts.
fn take(event: Event<DynamicObject>, subject: Subject, known: &Known, list: &mut Objects) {
    match event {
        Event::Init => *list = Objects::default(),
        Event::InitApply(object) => list.put(subject, &object),
        Event::InitDone => known.replace(subject, std::mem::take(list)),
        Event::Apply(object) => known.write().put(subject, &object),
        Event::Delete(object) => known.write().remove(subject, &object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shop(name: &str) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "prod"},
            "spec": {"template": {
                "metadata": {"labels": {"kubectl-mendix.io/environment": "shop"}},
                "spec": {"containers": [{"name": "app"}]},
            }},
        }))
        .unwrap()
    }

    fn names(known: &Known) -> Vec<String> {
        known.read().workloads().map(|it| it.name.clone()).collect()
    }

    #[test]
    fn a_list_takes_the_place_of_what_was_known_when_it_is_whole() {
        let (known, mut list) = (Known::default(), Objects::default());
        let mut take = |event| take(event, Subject::Deployments, &known, &mut list);
        take(Event::Init);
        take(Event::InitApply(shop("one")));
        assert!(names(&known).is_empty());
        take(Event::InitDone);
        take(Event::Apply(shop("two")));
        assert_eq!(names(&known), ["one", "two"]);
        take(Event::Init);
        take(Event::InitApply(shop("three")));
        assert_eq!(names(&known), ["one", "two"]);
        take(Event::InitDone);
        assert_eq!(names(&known), ["three"]);
        take(Event::Delete(shop("three")));
        assert!(names(&known).is_empty());
    }
}
