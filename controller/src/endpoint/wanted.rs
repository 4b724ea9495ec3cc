//! What all types of endpoints are made from: the app's fields over the configuration's, checked. Pure.

use super::field::{Field, of_configuration};
use super::section::Section;
use super::service::ports;
use super::tls::{self, Certificate};
use super::url;
use crate::metadata;
use kube::api::ObjectMeta;
use mendix_model::crd::Endpoint;
use mendix_model::crd::common::StringMap;
use mendix_model::crd::operator_configuration::EndpointConfiguration;
use mendix_model::{endpoint as form, template};

/// An endpoint as it shall be. Nothing of it is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) configuration: &'a EndpointConfiguration,
    /// The app's own host, or the one below the domain.
    pub(crate) host: Option<String>,
    pub(crate) path: Option<Field<'a>>,
    pub(crate) path_type: Option<Field<'a>>,
    pub(crate) tls: bool,
    pub(crate) certificate: Certificate,
    annotations: StringMap,
    pub(crate) service_annotations: StringMap,
}

impl<'a> Wanted<'a> {
    /// Everything, or the sentence about the first field that is wrong.
    pub(crate) fn of(
        endpoint: &'a Endpoint,
        configuration: &'a EndpointConfiguration,
    ) -> Result<Self, String> {
        let spec = &endpoint.spec;
        let section = Section::of(configuration);
        let text = Text::of(endpoint, &section);
        let path = Field::of_app("ingressPath", spec.ingress_path.as_ref()).or_else(|| section.path());
        let path_type =
            Field::of_app("ingressPathType", spec.ingress_path_type.as_ref()).or_else(|| section.path_type());
        checked_path(path.as_ref(), path_type.as_ref())?;
        checked_service(configuration)?;
        Ok(Self {
            endpoint,
            configuration,
            host: host(endpoint, &section)?,
            path,
            path_type,
            tls: tls::enabled(endpoint, section.enable_tls),
            certificate: tls::certificate(endpoint, text.certificate(&section)?)?,
            annotations: text.annotations(
                &section.path_to("annotations"),
                section.annotations,
                spec.endpoint_annotations.as_ref(),
            )?,
            service_annotations: text.annotations(
                "serviceAnnotations",
                configuration.service_annotations.as_ref(),
                spec.service_annotations.as_ref(),
            )?,
        })
    }

    /// Name of the app, and so of everything that leads to it.
    pub(crate) fn app(&self) -> &'a str {
        &self.endpoint.spec.environment
    }

    /// Name, owner and annotations of what leads to the Service.
    pub(crate) fn metadata(&self) -> ObjectMeta {
        let annotations = Some(self.annotations.clone()).filter(|annotations| !annotations.is_empty());
        ObjectMeta {
            annotations,
            ..metadata::owned(self.endpoint, self.app(), self.app().to_owned())
        }
    }

    /// The host, for types that cannot do without one.
    pub(crate) fn needed_host(&self) -> Result<&str, String> {
        let domain = of_configuration(&Section::of(self.configuration).path_to("domain"));
        self.host
            .as_deref()
            .ok_or_else(|| format!("no host: set spec.appURL of the app, or {domain}"))
    }

    /// The port of the Service that the others lead to.
    pub(crate) fn port(&self) -> Option<i32> {
        ports(self.configuration).first().copied()
    }
}

fn host(endpoint: &Endpoint, section: &Section<'_>) -> Result<Option<String>, String> {
    if let Some(own) = Field::of_app("appURL", endpoint.spec.app_url.as_ref()) {
        return form::host(own.text)
            .map(Some)
            .map_err(|problem| own.wrong(problem));
    }
    let Some(domain) = section.domain() else {
        return Ok(None);
    };
    let generated = url::generated_host(&endpoint.spec.environment, domain.text);
    // The domain first: a wrong one is not to be told as a wrong host, which nobody has written.
    let checked = form::host(domain.text).and_then(|_| form::host(&generated));
    checked.map(Some).map_err(|problem| domain.wrong(problem))
}

fn checked_path(path: Option<&Field<'_>>, type_: Option<&Field<'_>>) -> Result<(), String> {
    if let Some(type_) = type_ {
        form::path_type(type_.text).map_err(|problem| type_.wrong(problem))?;
    }
    path.map_or(Ok(()), |path| {
        let checked = form::path(path.text, type_.map(|type_| type_.text));
        checked.map_err(|problem| path.wrong(problem))
    })
}

fn checked_service(configuration: &EndpointConfiguration) -> Result<(), String> {
    if let Some(type_) = Field::of_configuration("serviceType", configuration.service_type.as_ref()) {
        form::service_type(type_.text).map_err(|problem| type_.wrong(problem))?;
    }
    let ports = configuration.service_ports.as_deref().unwrap_or_default();
    form::ports(ports).map_err(|problem| format!("{}: {problem}", of_configuration("servicePorts")))
}

/// The values of templates.
struct Text<'a> {
    app: &'a str,
    domain: &'a str,
}

impl<'a> Text<'a> {
    fn of(endpoint: &'a Endpoint, section: &Section<'a>) -> Self {
        Self {
            app: &endpoint.spec.environment,
            domain: section.domain().map(|domain| domain.text).unwrap_or_default(),
        }
    }

    fn filled(&self, name: &str, text: &str) -> Result<String, String> {
        let values = [("Name", self.app), ("Domain", self.domain)];
        template::fill(text, &values).map_err(|error| format!("{}: {error}", of_configuration(name)))
    }

    fn certificate(&self, section: &Section<'_>) -> Result<Certificate, String> {
        let Some(field) = section.tls_secret_name() else {
            return Ok(Certificate::Default);
        };
        Ok(Certificate::Existing {
            name: self.filled(&section.path_to("tlsSecretName"), field.text)?,
            field: field.name,
        })
    }

    /// The configuration's annotations with their templates filled in, under the app's own.
    fn annotations(
        &self,
        name: &str,
        configured: Option<&StringMap>,
        own: Option<&StringMap>,
    ) -> Result<StringMap, String> {
        let mut all = StringMap::new();
        for (key, value) in configured.into_iter().flatten() {
            all.insert(key.clone(), self.filled(name, value)?);
        }
        all.extend(own.cloned().unwrap_or_default());
        Ok(all)
    }
}
