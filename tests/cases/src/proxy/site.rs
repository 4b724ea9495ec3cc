//! What a reverse proxy has to know of an Ingress, a Route or an `HTTPRoute`, read off the object as the API server has
//! stored it. Pure.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// One host, and what is behind it.
#[derive(Debug)]
pub struct Site {
    /// Its name.
    pub host: String,
    /// What leads on to the Service.
    pub path: Path,
    /// TLS at the proxy.
    pub tls: Option<Tls>,
    /// Whether who comes without TLS is sent to it.
    pub redirect: bool,
    /// The Service, and name or number of its port.
    pub service: String,
    pub port: String,
    /// Changes of header fields.
    pub request: Changes,
    pub response: Changes,
}

/// A path of a site.
#[derive(Debug)]
pub enum Path {
    /// This one alone.
    Exact(String),
    /// It, and all that is below it, part by part.
    Prefix(String),
}

/// Where the certificate stands.
#[derive(Debug)]
pub enum Tls {
    /// In a Secret of this name.
    Secret(String),
    /// In the object itself: certificate and key.
    Given(String, String),
    /// It is that of the Gateway.
    Gateway,
}

/// Changes of header fields.
#[derive(Debug, Default)]
pub struct Changes {
    pub set: Vec<(String, String)>,
    pub add: Vec<(String, String)>,
    pub remove: Vec<String>,
}

impl Site {
    /// The site of an object of one of the three kinds.
    ///
    /// # Errors
    /// For another kind, or when something is missing.
    pub fn of(object: &Value) -> Result<Self> {
        match object["kind"].as_str() {
            Some("Ingress") => of_ingress(&object["spec"]),
            Some("Route") => of_route(&object["spec"]),
            Some("HTTPRoute") => of_http_route(object),
            kind => bail!("no proxy serves {kind:?}"),
        }
    }
}

fn word(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer);
    let text = found.and_then(|it| {
        it.as_str()
            .map(ToOwned::to_owned)
            .or_else(|| it.as_i64().map(|it| it.to_string()))
    });
    text.with_context(|| format!("no {pointer} in {value}"))
}

fn of_ingress(spec: &Value) -> Result<Site> {
    let rule = &spec["rules"][0];
    let path = word(rule, "/http/paths/0/path")?;
    let host = word(rule, "/host")?;
    let mut tls = spec["tls"].as_array().into_iter().flatten();
    let names = |tls: &&Value| {
        tls["hosts"]
            .as_array()
            .is_some_and(|hosts| hosts.contains(&rule["host"]))
    };
    let tls = tls
        .find(names)
        .map(|tls| word(tls, "/secretName").map(Tls::Secret));
    let backend = &rule["http"]["paths"][0]["backend"]["service"];
    Ok(Site {
        tls: tls.transpose()?,
        path: match rule["http"]["paths"][0]["pathType"].as_str() {
            Some("Exact") => Path::Exact(path),
            _ => Path::Prefix(path),
        },
        host,
        redirect: false,
        service: word(backend, "/name")?,
        port: word(backend, "/port/number")?,
        request: Changes::default(),
        response: Changes::default(),
    })
}

fn of_route(spec: &Value) -> Result<Site> {
    let tls = match spec["tls"]["termination"].as_str() {
        Some("edge") => Some(Tls::Given(
            word(spec, "/tls/certificate")?,
            word(spec, "/tls/key")?,
        )),
        Some(other) => bail!("no proxy of the tests ends TLS by {other}"),
        None => None,
    };
    Ok(Site {
        host: word(spec, "/host")?,
        path: Path::Prefix(spec["path"].as_str().unwrap_or("/").to_owned()),
        tls,
        redirect: spec["tls"]["insecureEdgeTerminationPolicy"] == "Redirect",
        service: word(spec, "/to/name")?,
        port: word(spec, "/port/targetPort")?,
        request: Changes::default(),
        response: Changes::default(),
    })
}

fn of_http_route(object: &Value) -> Result<Site> {
    let rule = &object["spec"]["rules"][0];
    let path = word(rule, "/matches/0/path/value")?;
    let filters = || rule["filters"].as_array().into_iter().flatten();
    let changes = |name: &str| {
        filters()
            .map(|filter| &filter[name])
            .find(|it| it.is_object())
            .map(changes)
    };
    Ok(Site {
        host: word(object, "/spec/hostnames/0")?,
        path: match rule["matches"][0]["path"]["type"].as_str() {
            Some("Exact") => Path::Exact(path),
            Some("PathPrefix") => Path::Prefix(path),
            other => bail!("no proxy of the tests knows paths of type {other:?}"),
        },
        tls: Some(Tls::Gateway),
        redirect: false,
        service: word(rule, "/backendRefs/0/name")?,
        port: word(rule, "/backendRefs/0/port")?,
        request: changes("requestHeaderModifier").unwrap_or_default(),
        response: changes("responseHeaderModifier").unwrap_or_default(),
    })
}

fn changes(filter: &Value) -> Changes {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = |name: &str| {
        let all = filter[name].as_array().into_iter().flatten();
        all.map(|field| (text(&field["name"]), text(&field["value"])))
            .collect()
    };
    Changes {
        set: fields("set"),
        add: fields("add"),
        remove: filter["remove"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect(),
    }
}
