//! An API server in a map: get, list by label, create, replace, apply, patch, delete; and it can die after a write.

use crate::world::World;
use axum::http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The server.
#[derive(Clone, Default)]
pub(crate) struct Server(Arc<Mutex<State>>);

/// Its objects, by path.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Value>,
    /// What was last applied to a path, to take back what is no longer applied.
    applied: BTreeMap<String, Value>,
    /// Beginnings of paths that the server knows nothing of, besides [`ABSENT_GROUP`].
    pub(crate) absent: Vec<String>,
    counter: u64,
    /// Writes so far, and those left before the server dies.
    pub(crate) writes: usize,
    pub(crate) writes_left: Option<usize>,
    /// Who has been written to, and what stood there afterwards, since somebody looked.
    pub(crate) written: Vec<(Method, String, Value)>,
    /// Until then nothing is answered.
    pub(crate) away: Option<Timestamp>,
    /// Until then reads are answered with what there was.
    pub(crate) past: Option<(Timestamp, BTreeMap<String, Value>)>,
    /// The cluster around it.
    pub(crate) world: World,
}

impl Server {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("lock")
    }

    /// Another server with the same objects.
    pub(crate) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }

    pub(crate) fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { server.answer(request).await }
        });
        Client::new(service, "prod")
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let mut state = self.state();
        if state.away.is_some_and(|until| state.world.now < until) {
            return Err(std::io::Error::other("connection refused"));
        }
        if parts.method == Method::GET {
            return Ok(state.as_seen().read(&parts.uri));
        }
        if parts.uri.path().contains("/events") {
            return Ok(respond(StatusCode::OK, &body));
        }
        state.count_write()?;
        let strategic = parts
            .headers
            .get("content-type")
            .is_some_and(|it| it == "application/strategic-merge-patch+json");
        let path = parts.uri.path().to_owned();
        let answer = if strategic {
            state.patch(&path, &body)
        } else {
            state.write(&parts.method, &parts.uri, body.clone())
        };
        if answer.status().is_success() {
            state.remember(parts.method, path, &body);
        }
        Ok(answer)
    }
}

/// No cluster of ours has the Secrets Store CSI driver, unless a test puts an object of it there.
const ABSENT_GROUP: &str = "/apis/secrets-store.csi.x-k8s.io/";

impl State {
    fn count_write(&mut self) -> Result<(), std::io::Error> {
        if let Some(left) = self.writes_left.as_mut() {
            *left = left
                .checked_sub(1)
                .ok_or_else(|| std::io::Error::other("the server is dead"))?;
        }
        self.writes += 1;
        Ok(())
    }

    /// What reads are answered from.
    fn as_seen(&self) -> std::borrow::Cow<'_, Self> {
        match &self.past {
            Some((until, objects)) if self.world.now < *until => std::borrow::Cow::Owned(Self {
                objects: objects.clone(),
                ..Self::default()
            }),
            _ => std::borrow::Cow::Borrowed(self),
        }
    }

    fn remember(&mut self, method: Method, path: String, body: &Value) {
        let path = match method {
            Method::POST => format!("{path}/{}", body["metadata"]["name"].as_str().expect("name")),
            _ => path,
        };
        let object = self.objects.get(&path).cloned().unwrap_or_default();
        self.written.push((method, path, object));
    }

    fn read(&self, uri: &Uri) -> Response<Body> {
        let path = uri.path();
        if let Some(object) = self.objects.get(path) {
            return respond(StatusCode::OK, object);
        }
        // An object's path has an even number of parts below its namespace, a list's an odd one.
        let below = path
            .split_once("/namespaces/")
            .map(|(_, rest)| rest.split('/').count());
        // Claims belong to no namespace.
        if below == Some(2) || (below.is_none() && path.ends_with("/databaseclaims")) {
            return respond(StatusCode::OK, &self.list(path, uri.query().unwrap_or_default()));
        }
        if path.starts_with(ABSENT_GROUP) || self.absent.iter().any(|group| path.starts_with(group)) {
            return unknown_group();
        }
        not_found()
    }

    fn list(&self, path: &str, query: &str) -> Value {
        let labels = query
            .split('&')
            .find_map(|part| part.strip_prefix("labelSelector="))
            .unwrap_or_default();
        let labels = labels.replace("%2F", "/").replace("%3D", "=").replace("%2C", ",");
        let labels = labels.replace('+', " ").replace("%28", "(").replace("%29", ")");
        let excluded = ",kubectl-mendix.io/component notin ";
        let (labels, excluded) = labels.split_once(excluded).unwrap_or((&labels, ""));
        let selected = |object: &&Value| {
            let component = object["metadata"]["labels"]["kubectl-mendix.io/component"].as_str();
            !component.is_some_and(|it| excluded.contains(it))
                && labels.split(',').filter(|part| !part.is_empty()).all(|part| {
                    let (key, value) = part.split_once('=').expect("label=value");
                    object["metadata"]["labels"][key] == value
                })
        };
        let items: Vec<_> = self.below(path).filter(selected).cloned().collect();
        json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})
    }

    /// Another one after each change.
    pub(crate) const fn version(&self) -> u64 {
        self.counter
    }

    /// All objects of a list's path.
    pub(crate) fn below(&self, path: &str) -> impl Iterator<Item = &Value> {
        let prefix = format!("{path}/");
        self.objects
            .iter()
            .filter(move |(path, _)| path.starts_with(&prefix))
            .map(|(_, object)| object)
    }

    fn write(&mut self, method: &Method, uri: &Uri, body: Value) -> Response<Body> {
        let path = uri.path().to_owned();
        let applies = uri.query().unwrap_or_default().contains("force=true");
        match *method {
            Method::POST => {
                let path = format!("{path}/{}", body["metadata"]["name"].as_str().expect("name"));
                if self.objects.contains_key(&path) {
                    return failure(StatusCode::CONFLICT, "AlreadyExists");
                }
                self.put(&path, body)
            }
            Method::PUT => self.replace(&path, body),
            Method::PATCH if applies => self.apply(&path, &body),
            Method::PATCH => self.merge(&path, &body),
            Method::DELETE => self.delete(&path, &body),
            _ => failure(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        }
    }

    fn apply(&mut self, path: &str, body: &Value) -> Response<Body> {
        let object_path = path.strip_suffix("/status").unwrap_or(path).to_owned();
        let is_status = object_path != path;
        let before = self.objects.get(&object_path).cloned();
        if is_status && before.is_none() {
            return not_found();
        }
        let mut next = before.unwrap_or_else(|| json!({}));
        if let Some(old) = self.applied.get(path) {
            take_back(&mut next, old, body);
        }
        merge(&mut next, body);
        self.applied.insert(path.to_owned(), body.clone());
        self.put(&object_path, next)
    }

    fn merge(&mut self, path: &str, body: &Value) -> Response<Body> {
        let Some(mut object) = self.objects.get(path).cloned() else {
            return not_found();
        };
        let expected = &body["metadata"]["resourceVersion"];
        if !expected.is_null() && *expected != object["metadata"]["resourceVersion"] {
            return failure(StatusCode::CONFLICT, "Conflict");
        }
        merge(&mut object, body);
        self.put(path, object)
    }

    fn replace(&mut self, path: &str, body: Value) -> Response<Body> {
        match self.objects.get(path) {
            None => not_found(),
            Some(object) if object["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"] => {
                failure(StatusCode::CONFLICT, "Conflict")
            }
            Some(_) => self.put(path, body),
        }
    }

    /// A strategic merge patch, as far as the gate of pods uses it.
    fn patch(&mut self, path: &str, body: &Value) -> Response<Body> {
        let Some(mut object) = self.objects.get(path).cloned() else {
            return not_found();
        };
        if body["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
            return failure(StatusCode::CONFLICT, "Conflict");
        }
        if body["metadata"]["uid"] != object["metadata"]["uid"] {
            return failure(StatusCode::UNPROCESSABLE_ENTITY, "Invalid");
        }
        let mut finalizers = strings(&object["metadata"]["finalizers"]);
        finalizers.extend(strings(&body["metadata"]["finalizers"]));
        let gone = strings(&body["metadata"]["$deleteFromPrimitiveList/finalizers"]);
        finalizers.retain(|finalizer| !gone.contains(finalizer));
        object["metadata"]["finalizers"] = json!(finalizers);
        if body["metadata"]["annotations"].is_object() {
            merge(
                &mut object["metadata"]["annotations"],
                &body["metadata"]["annotations"],
            );
        }
        for gate in body["spec"]["schedulingGates"].as_array().into_iter().flatten() {
            assert_eq!(gate["$patch"], "delete");
            if let Some(gates) = object["spec"]["schedulingGates"].as_array_mut() {
                gates.retain(|it| it["name"] != gate["name"]);
            }
        }
        self.put(path, object)
    }

    fn delete(&mut self, path: &str, body: &Value) -> Response<Body> {
        let Some(object) = self.objects.get(path).cloned() else {
            return not_found();
        };
        let uid = &body["preconditions"]["uid"];
        if !uid.is_null() && *uid != object["metadata"]["uid"] {
            return failure(StatusCode::CONFLICT, "Conflict");
        }
        self.begin_deletion(path);
        respond(StatusCode::OK, &object)
    }

    /// Deletes at once, or marks an object that has finalizers.
    pub(crate) fn begin_deletion(&mut self, path: &str) {
        let Some(mut object) = self.objects.get(path).cloned() else {
            return;
        };
        if object["metadata"]["deletionTimestamp"].is_null() {
            object["metadata"]["deletionTimestamp"] = json!(self.world.now);
            let generation = object["metadata"]["generation"].as_u64().unwrap_or(0) + 1;
            object["metadata"]["generation"] = json!(generation);
        }
        self.put(path, object);
    }

    /// Stores an object the way an API server does: uid, generation, resource version, finalizers.
    pub(crate) fn put(&mut self, path: &str, mut object: Value) -> Response<Body> {
        let before = self.objects.get(path).cloned().unwrap_or_else(|| json!({}));
        if before == object {
            return respond(StatusCode::OK, &object);
        }
        self.counter += 1;
        let metadata = &mut object["metadata"];
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(format!("uid-{}", self.counter));
            metadata["namespace"] = json!("prod");
            metadata["creationTimestamp"] = json!(self.world.now);
        }
        metadata["resourceVersion"] = json!(self.counter.to_string());
        let changed = before["spec"] != object["spec"] && !object["spec"].is_null();
        if changed {
            let generation = before["metadata"]["generation"].as_u64().unwrap_or(0) + 1;
            object["metadata"]["generation"] = json!(generation);
        }
        let leaving = !object["metadata"]["deletionTimestamp"].is_null();
        if leaving
            && object["metadata"]["finalizers"]
                .as_array()
                .is_none_or(Vec::is_empty)
        {
            self.objects.remove(path);
            self.applied.retain(|applied, _| !applied.starts_with(path));
        } else {
            self.objects.insert(path.to_owned(), object.clone());
        }
        respond(StatusCode::OK, &object)
    }
}

fn strings(list: &Value) -> Vec<String> {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.map(ToOwned::to_owned).collect()
}

/// Removes what was applied before and is not applied now.
fn take_back(object: &mut Value, old: &Value, new: &Value) {
    let (Some(object), Some(old)) = (object.as_object_mut(), old.as_object()) else {
        return;
    };
    for (key, value) in old {
        match new.get(key) {
            None => drop(object.remove(key)),
            Some(new) => take_back(object.get_mut(key).unwrap_or(&mut Value::Null), value, new),
        }
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    for (key, value) in patch {
        merge(&mut object[key], value);
    }
}

/// As the API server answers for a group that it does not have.
fn unknown_group() -> Response<Body> {
    Response::builder()
        .status(StatusCode::NOT_FOUND)
        .body(Body::from(b"404 page not found\n".to_vec()))
        .expect("response")
}

fn not_found() -> Response<Body> {
    failure(StatusCode::NOT_FOUND, "NotFound")
}

fn failure(code: StatusCode, reason: &str) -> Response<Body> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "code": code.as_u16(), "message": reason});
    respond(code, &status)
}

fn respond(code: StatusCode, value: &Value) -> Response<Body> {
    Response::builder()
        .status(code)
        .body(Body::from(value.to_string().into_bytes()))
        .expect("response")
}
