//! What the Secret holds, and which step is due.

use super::pair::Pair;
use super::{Names, OwnError, Times};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The pairs of the Secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Store {
    /// What is served.
    pub(super) present: Pair,
    /// What is served next.
    pub(super) next: Option<Pair>,
    /// API servers have been told the next authority.
    pub(super) told: bool,
    /// The authority of what was served before.
    pub(super) former: Option<String>,
    /// When the last step was taken.
    pub(super) since: Timestamp,
}

impl Store {
    /// With its first pair.
    pub(super) fn new(present: Pair, now: Timestamp) -> Self {
        Self {
            present,
            next: None,
            told: false,
            former: None,
            since: now,
        }
    }

    /// With the next pair beside the present one.
    pub(super) fn prepared(&self, next: Pair, now: Timestamp) -> Self {
        Self {
            next: Some(next),
            told: false,
            since: now,
            ..self.clone()
        }
    }

    /// With the word that API servers have been told all authorities.
    fn told(&self, now: Timestamp) -> Self {
        Self {
            told: true,
            since: now,
            ..self.clone()
        }
    }

    /// With the next pair in place of the present one.
    fn promoted(&self, next: &Pair, now: Timestamp) -> Self {
        Self {
            present: next.clone(),
            next: None,
            told: false,
            former: Some(self.present.authority.clone()),
            since: now,
        }
    }

    /// The authorities that API servers are told.
    pub(super) fn bundle(&self) -> String {
        let next = self.next.as_ref().map(|it| it.authority.as_str());
        let all = [
            self.former.as_deref(),
            Some(self.present.authority.as_str()),
            next,
        ];
        all.into_iter().flatten().collect()
    }
}

/// What is due.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Nothing.
    Keep,
    /// The first pair.
    Make,
    /// A next pair for what is there.
    Prepare(Box<Store>),
    /// This in place of what is there.
    Write(Box<Store>),
}

/// What is due of what was found, after API servers have been told all of its authorities. Times of the future, as a clock set back leaves them, are waited for.
pub(super) fn step(found: Option<&Store>, times: &Times, now: Timestamp) -> Step {
    let Some(store) = found else {
        return Step::Make;
    };
    let over = |time: std::time::Duration| {
        let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        now.duration_since(store.since) >= time
    };
    match &store.next {
        Some(_) if !store.told => Step::Write(Box::new(store.told(now))),
        Some(next) if over(times.settling) => Step::Write(Box::new(store.promoted(next, now))),
        None if over(times.renewal) => Step::Prepare(Box::new(store.clone())),
        _ => Step::Keep,
    }
}

/// What was read, and of which version.
pub(super) struct Found {
    /// Nothing while it is empty, or holds something else.
    pub(super) store: Option<Store>,
    pub(super) version: String,
}

/// Reads the Secret. The chart makes it, so that nobody needs the right to make Secrets.
pub(super) async fn read(client: &Client, names: &Names) -> Result<Found, OwnError> {
    let found = api(client, names).get(&names.secret).await;
    let secret = found.map_err(failed(format!("read Secret {}", names.secret)))?;
    Ok(Found {
        version: secret.resource_version().unwrap_or_default(),
        store: parse(&secret.data.unwrap_or_default()),
    })
}

/// Writes it in place of the version that was read; not when another replica was quicker.
pub(super) async fn write(
    client: &Client,
    names: &Names,
    store: &Store,
    version: &str,
) -> Result<(), OwnError> {
    // The version in it makes the API server refuse it when somebody else has written meanwhile.
    let patch = Patch::Merge(object(store, version));
    let written = api(client, names)
        .patch(&names.secret, &PatchParams::default(), &patch)
        .await;
    match written {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(error) => Err(failed(format!("write Secret {}", names.secret))(error)),
    }
}

fn api(client: &Client, names: &Names) -> Api<Secret> {
    Api::namespaced(client.clone(), &names.namespace)
}

fn failed(what: String) -> impl Fn(kube::Error) -> OwnError {
    move |source| OwnError::Api {
        what: what.clone(),
        source: Box::new(source),
    }
}

fn parse(data: &BTreeMap<String, ByteString>) -> Option<Store> {
    let text = |key: &str| String::from_utf8(data.get(key)?.0.clone()).ok();
    let next = || {
        Some(Pair {
            authority: text("next-ca.crt")?,
            certificate: text("next-tls.crt")?,
            key: text("next-tls.key")?,
        })
    };
    Some(Store {
        present: Pair {
            authority: text("ca.crt")?,
            certificate: text("tls.crt")?,
            key: text("tls.key")?,
        },
        next: next(),
        told: text("told").is_some_and(|it| it == "true"),
        former: text("former-ca.crt"),
        since: text("since")?.parse().ok()?,
    })
}

/// Keys without a value are null: a merge takes them away.
fn object(store: &Store, version: &str) -> Value {
    let next = |part: fn(&Pair) -> &String| store.next.as_ref().map(part);
    let bytes = |text: &String| ByteString(text.as_bytes().to_vec());
    json!({
        "metadata": { "resourceVersion": version },
        "data": {
            "ca.crt": bytes(&store.present.authority),
            "tls.crt": bytes(&store.present.certificate),
            "tls.key": bytes(&store.present.key),
            "next-ca.crt": next(|it| &it.authority).map(bytes),
            "next-tls.crt": next(|it| &it.certificate).map(bytes),
            "next-tls.key": next(|it| &it.key).map(bytes),
            "former-ca.crt": store.former.as_ref().map(bytes),
            "since": bytes(&store.since.to_string()),
            "told": bytes(&store.told.to_string()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::time::Duration;

    const TIMES: Times = Times {
        renewal: Duration::from_secs(1000),
        settling: Duration::from_secs(100),
        look: Duration::from_secs(1),
    };

    fn pair(name: &str) -> Pair {
        Pair {
            authority: format!("authority {name}\n"),
            certificate: format!("certificate {name}"),
            key: format!("key {name}"),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[derive(Clone, Copy)]
    enum State {
        Alone,
        Prepared,
        Told,
    }

    fn store(state: State) -> Store {
        let alone = Store::new(pair("one"), at(0));
        match state {
            State::Alone => alone,
            State::Prepared => alone.prepared(pair("two"), at(0)),
            State::Told => alone.prepared(pair("two"), at(0)).told(at(0)),
        }
    }

    #[rstest]
    #[case::young(999, State::Alone, "keep")]
    #[case::old(1000, State::Alone, "prepare")]
    #[case::to_be_told(0, State::Prepared, "told")]
    #[case::told_late(5000, State::Prepared, "told")]
    #[case::settling(99, State::Told, "keep")]
    #[case::settled(100, State::Told, "promoted")]
    #[case::clock_set_back(-5000, State::Told, "keep")]
    fn each_step_has_its_time(#[case] second: i64, #[case] state: State, #[case] expected: &str) {
        let step = match step(Some(&store(state)), &TIMES, at(second)) {
            Step::Keep => "keep",
            Step::Make => "make",
            Step::Prepare(_) => "prepare",
            Step::Write(store) if store.told => "told",
            Step::Write(_) => "promoted",
        };
        assert_eq!(step, expected);
    }

    #[test]
    fn nothing_there_is_made() {
        assert_eq!(step(None, &TIMES, at(0)), Step::Make);
    }

    fn written(store: &Store, time: i64) -> Store {
        match step(Some(store), &TIMES, at(time)) {
            Step::Write(store) => *store,
            other => panic!("{other:?}"),
        }
    }

    /// At no step is anything served whose authority was not told one step before.
    #[test]
    fn what_is_served_was_told_before() {
        let mut store = store(State::Alone);
        let mut time = 0;
        for round in 1..5 {
            time += 1000;
            let Step::Prepare(old) = step(Some(&store), &TIMES, at(time)) else {
                panic!("prepare")
            };
            let prepared = old.prepared(pair(&round.to_string()), at(time));
            assert_eq!(prepared.present, store.present);
            let told = written(&prepared, time);
            time += 100;
            store = written(&told, time);
            assert!(told.bundle().contains(&store.present.authority));
            let former = &told.present.authority;
            assert!(
                store.bundle().contains(former),
                "a replica may still serve the former one"
            );
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let all = [State::Alone, State::Prepared, State::Told].map(store);
        let promoted = written(&all[2], 100);
        for store in all.into_iter().chain([promoted]) {
            let object = object(&store, "7");
            assert_eq!(object["metadata"]["resourceVersion"], "7");
            let data = object["data"].as_object().unwrap().iter();
            let data = data.filter(|(_, value)| !value.is_null());
            let data = data.map(|(key, value)| (key.clone(), serde_json::from_value(value.clone()).unwrap()));
            assert_eq!(parse(&data.collect()), Some(store));
        }
    }
}
