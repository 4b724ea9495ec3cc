//! The `HTTPRoute` of an app, and what its Gateway says of it. Pure.

use super::field::{Field, of_configuration};
use super::kinds::{
    BackendRef, Header, HeaderFilter, HttpRoute, HttpRouteFilter, HttpRouteMatch, HttpRouteRule,
    HttpRouteSpec, ParentRef, PathMatch, RouteParent,
};
use super::verdict::{self, Verdict};
use super::wanted::Wanted;
use kube::ResourceExt;
use mendix_model::conditions::Progress;
use mendix_model::crd::common::StringMap;
use mendix_model::crd::operator_configuration::{GatewayRouteConfiguration, HeaderModifiers};
use mendix_model::endpoint as form;
use std::collections::BTreeSet;

/// What is meant where a reference names neither (Gateway API, `ParentReference`).
const GROUP: &str = "gateway.networking.k8s.io";
const KIND: &str = "Gateway";
/// Conditions of a route that a Gateway serves (Gateway API, `RouteConditionType`).
const ACCEPTED: &str = "Accepted";
const RESOLVED: &str = "ResolvedRefs";
/// Most changes of one kind that the Gateway API takes.
const MOST_HEADERS: usize = 16;
/// Field of the configuration that names the Gateway.
const PARENT: &str = "gatewayRoute.gatewayParentReference";

pub(crate) fn http_route(wanted: &Wanted<'_>, host: &str) -> Result<HttpRoute, String> {
    let configuration = wanted.configuration.gateway_route.clone().unwrap_or_default();
    let rule = HttpRouteRule {
        matches: vec![HttpRouteMatch { path: path(wanted)? }],
        filters: filters(&configuration)?,
        backend_refs: vec![BackendRef {
            name: wanted.app().to_owned(),
            port: wanted.port(),
        }],
    };
    Ok(HttpRoute {
        metadata: wanted.metadata(),
        spec: HttpRouteSpec {
            parent_refs: vec![parent(&configuration)?],
            hostnames: vec![host.to_owned()],
            rules: vec![rule],
        },
        status: None,
    })
}

fn parent(configuration: &GatewayRouteConfiguration) -> Result<ParentRef, String> {
    let reference = configuration.gateway_parent_reference.clone().unwrap_or_default();
    let name = checked("name", reference.name.as_ref(), form::object_name)?.ok_or_else(|| {
        let field = of_configuration(&format!("{PARENT}.name"));
        format!("{field} is not set: name the Gateway that leads to the apps")
    })?;
    Ok(ParentRef {
        group: checked("group", reference.group.as_ref(), form::object_name)?
            .unwrap_or_else(|| GROUP.to_owned()),
        kind: checked("kind", reference.kind.as_ref(), form::kind)?.unwrap_or_else(|| KIND.to_owned()),
        name,
        namespace: checked("namespace", reference.namespace.as_ref(), form::object_name)?,
        section_name: checked("sectionName", reference.section_name.as_ref(), form::object_name)?,
    })
}

/// A part of the reference, unless it is empty.
fn checked(
    name: &str,
    text: Option<&String>,
    form: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<String>, String> {
    let field = format!("{PARENT}.{name}");
    let Some(field) = Field::of_configuration(&field, text) else {
        return Ok(None);
    };
    form(field.text).map_err(|problem| field.wrong(problem))?;
    Ok(Some(field.text.to_owned()))
}

/// What is not exact is a prefix: the Gateway API knows no pattern that all Gateways know.
fn path(wanted: &Wanted<'_>) -> Result<PathMatch, String> {
    let exact = wanted
        .path_type
        .as_ref()
        .is_some_and(|type_| type_.text == form::EXACT);
    let plain = |path: &Field<'_>| {
        let plain = form::plain_path(path.text).map_err(|problem| path.wrong(problem))?;
        Ok::<_, String>(if exact { path.text.to_owned() } else { plain })
    };
    Ok(PathMatch {
        type_: if exact { "Exact" } else { "PathPrefix" }.to_owned(),
        value: wanted.path.as_ref().map_or_else(|| Ok("/".to_owned()), plain)?,
    })
}

fn filters(configuration: &GatewayRouteConfiguration) -> Result<Vec<HttpRouteFilter>, String> {
    let request = configuration.gateway_route_request_header_modifiers.as_ref();
    let response = configuration.gateway_route_response_header_modifiers.as_ref();
    let mut filters = Vec::new();
    if let Some(changes) = changes("gatewayRoute.gatewayRouteRequestHeaderModifiers", request)? {
        filters.push(HttpRouteFilter {
            type_: "RequestHeaderModifier".to_owned(),
            request_header_modifier: Some(changes),
            ..HttpRouteFilter::default()
        });
    }
    if let Some(changes) = changes("gatewayRoute.gatewayRouteResponseHeaderModifiers", response)? {
        filters.push(HttpRouteFilter {
            type_: "ResponseHeaderModifier".to_owned(),
            response_header_modifier: Some(changes),
            ..HttpRouteFilter::default()
        });
    }
    Ok(filters)
}

/// Nothing when nothing is changed.
fn changes(field: &str, modifiers: Option<&HeaderModifiers>) -> Result<Option<HeaderFilter>, String> {
    let modifiers = modifiers.cloned().unwrap_or_default();
    // Each once, or the API server refuses them all.
    let remove: BTreeSet<_> = modifiers.remove.into_iter().flatten().collect();
    for name in &remove {
        let checked = form::header(name, None);
        checked.map_err(|problem| format!("{}: {problem}", of_configuration(&format!("{field}.remove"))))?;
    }
    let changes = HeaderFilter {
        set: headers(&format!("{field}.set"), modifiers.set)?,
        add: headers(&format!("{field}.add"), modifiers.add)?,
        remove: remove.into_iter().collect(),
    };
    let most = [changes.set.len(), changes.add.len(), changes.remove.len()];
    if most.iter().any(|number| *number > MOST_HEADERS) {
        let field = of_configuration(field);
        return Err(format!(
            "{field}: a route changes at most {MOST_HEADERS} headers in one way: take some out"
        ));
    }
    Ok(Some(changes).filter(|changes| *changes != HeaderFilter::default()))
}

fn headers(field: &str, all: Option<StringMap>) -> Result<Vec<Header>, String> {
    let checked = |(name, value): (String, String)| {
        form::header(&name, Some(&value))
            .map_err(|problem| format!("{}: {problem}", of_configuration(field)))?;
        Ok(Header { name, value })
    };
    all.into_iter().flatten().map(checked).collect()
}

/// How far the route is.
pub(crate) fn standing(there: Option<&HttpRoute>, wanted: &HttpRoute) -> Progress {
    let (name, namespace) = (wanted.name_any(), wanted.namespace().unwrap_or_default());
    let gateway = gateway(wanted);
    verdict(there, wanted).progress(
        format!(
            "waiting for {gateway} to accept HTTPRoute {name}: see that it is there, and lets routes of namespace \
             {namespace} in"
        ),
        |words| {
            let field = of_configuration(PARENT);
            format!("{gateway} does not accept HTTPRoute {name}: {words}: mend that, or name another in {field}")
        },
    )
}

/// The Gateway, as it is called in sentences.
fn gateway(route: &HttpRoute) -> String {
    let Some(parent) = route.spec.parent_refs.first() else {
        return KIND.to_owned();
    };
    let namespace = parent.namespace.iter().map(|namespace| format!("{namespace}/"));
    format!("{} {}{}", parent.kind, namespace.collect::<String>(), parent.name)
}

/// What the Gateway says of the route that is there. Words about an earlier generation say nothing of this one.
fn verdict(there: Option<&HttpRoute>, wanted: &HttpRoute) -> Verdict {
    let Some(there) = there.filter(|there| there.spec == wanted.spec) else {
        return Verdict::Waiting;
    };
    let parents = there.status.iter().flat_map(|status| &status.parents);
    verdict::of(parents.map(|parent| judged(parent, there.metadata.generation)))
}

fn judged(parent: &RouteParent, generation: Option<i64>) -> Verdict {
    let present = parent
        .conditions
        .iter()
        .filter(|told| told.observed_generation.is_none() || told.observed_generation == generation);
    let said = |type_: &str, status: &str| {
        let mut present = present.clone();
        present.find(|told| told.type_ == type_ && told.status == status)
    };
    let refused = said(ACCEPTED, "False").or_else(|| said(RESOLVED, "False"));
    match (refused, said(ACCEPTED, "True")) {
        (Some(told), _) => Verdict::Refused(told.words()),
        (None, Some(_)) => Verdict::Accepted(None),
        (None, None) => Verdict::Waiting,
    }
}

#[cfg(test)]
#[path = "http_route_tests.rs"]
mod tests;
