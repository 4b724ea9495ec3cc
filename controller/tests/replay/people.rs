//! What people ask of an app, as `kubectl` and `kubectl mendix` write it.

use crate::server::Server;
use crate::{GROUP, edit};
use mendix_model::crd::claim::Schema;
use mendix_model::crd::rollout::Rollout;
use mendix_model::rollout::undo::{target, undo};
use serde_json::{Value, json};

const ENVIRONMENT: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/shop";

pub(crate) fn deploy(server: &Server, model: &str) {
    edit(server, |app| {
        app["spec"]["sourceURL"] = json!(format!("http://packages/{model}"));
    });
}

pub(crate) fn set_constant(server: &Server, value: &str) {
    edit(server, |app| {
        app["spec"]["runtime"] = json!({ "microflowConstants": { "Shop.Key": value } });
    });
}

fn declare(server: &Server, wish: impl Fn(&mut Value)) {
    let mut environment = server.state().objects[ENVIRONMENT].clone();
    wish(&mut environment["spec"]);
    server.state().put(ENVIRONMENT, environment);
}

/// What is remembered of rollouts, and known of the schema.
fn known(server: &Server) -> (Vec<Rollout>, Option<Schema>) {
    let status = server.state().objects[ENVIRONMENT]["status"].clone();
    let rollouts = serde_json::from_value(status["rollouts"].clone()).expect("rollouts");
    let schema = serde_json::from_value(status["schema"].clone()).expect("a schema");
    (rollouts, schema)
}

/// The database is as a model left it.
fn restore(server: &Server, model: &str) {
    let world = &mut server.state().world;
    let at = world
        .schema
        .iter()
        .position(|it| it == model)
        .expect("a model that was there");
    world.schema.truncate(at + 1);
    world.synchronised = true;
}

/// Goes back to the last model that succeeded, after a restore of its backup where one is declared.
pub(crate) fn go_back(server: &Server, restored: bool) -> Result<(), String> {
    let (rollouts, schema) = known(server);
    let asked = server.state().objects[&format!("{GROUP}/runtimes/shop")]["spec"]["model"].clone();
    let to = target(&rollouts, None).map_err(|refusal| refusal.to_string())?;
    let id = "back".to_owned();
    let asked = asked.as_str().unwrap_or_default();
    let undo =
        undo(id.clone(), asked, to, schema.as_ref(), restored).map_err(|refusal| refusal.to_string())?;
    if restored {
        restore(server, &undo.model);
    }
    declare(server, |spec| {
        spec["undo"] = json!(undo);
        if restored {
            spec["restored"] = json!({ "id": id, "model": undo.model });
        }
    });
    Ok(())
}

/// The word of whoever knows that a machine is off.
pub(crate) fn fence(server: &Server, node: &str) {
    let now = server.state().world.now;
    declare(server, |spec| {
        spec["fenced"] = json!([{ "name": node, "at": now }]);
    });
}
