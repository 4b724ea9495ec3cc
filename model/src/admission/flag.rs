//! The variable that tells a buildpack's process whether it leads.

use crate::database::role::INDEX;
use crate::manifest::{Declaration, Kind, misfit, of_app, variables};
use k8s_openapi::api::core::v1::{Container, EnvVar, PodTemplateSpec};
use serde_json::{Value, json};

/// Sets the variable where it is missing, and setting it makes role and variables agree. What says something else is
/// left: a rule refuses it.
pub(super) fn set(kind: Kind, role: Option<&str>, template: &PodTemplateSpec, object: &mut Value) {
    let Some((container, value)) = missing(kind, role, template) else {
        return;
    };
    let containers = object.pointer_mut("/spec/template/spec/containers");
    let mut containers = containers.and_then(Value::as_array_mut).into_iter().flatten();
    let named = containers.find(|it| it.get("name") == Some(&container.into()));
    let Some(named) = named.and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(env) = super::list(named, "env") {
        env.push(json!({ "name": INDEX, "value": value }));
    }
}

/// Name of the container that needs it, and its value.
fn missing<'a>(
    kind: Kind,
    role: Option<&str>,
    template: &'a PodTemplateSpec,
) -> Option<(&'a str, &'static str)> {
    let value = match role {
        Some("leader") => "0",
        Some("worker") => "1",
        _ => return None,
    };
    let annotations = template.metadata.as_ref().and_then(|it| it.annotations.as_ref());
    let spec = template.spec.as_ref()?;
    let container = of_app(annotations, spec).ok()?;
    let declaration = Declaration {
        kind,
        role,
        spec,
        first: 0,
    };
    helps(&declaration, container, value).then_some((container.name.as_str(), value))
}

fn helps(declaration: &Declaration<'_>, container: &Container, value: &str) -> bool {
    let before = container.env.as_deref().unwrap_or_default();
    if before.iter().any(|it| it.name == INDEX) {
        return false;
    }
    let mut after = container.clone();
    after.env.get_or_insert_default().push(EnvVar {
        name: INDEX.to_owned(),
        value: Some(value.to_owned()),
        value_from: None,
    });
    let says = |container: &Container| {
        let env = container.env.as_deref().unwrap_or_default();
        misfit(declaration, env, &variables(container))
    };
    says(container).is_some() && says(&after).is_none()
}
