//! Settings for certificates: comma lists of files (Mendix documentation, "Runtime customisation").

use crate::assignment::Assignment;
use serde_json::{Map, Value};

/// Settings for the certificates that are trusted, and for those that the app shows to others.
pub(super) fn settings(assignment: &Assignment) -> Map<String, Value> {
    let configuration = &assignment.configuration;
    let path = |file: &String| assignment.configuration_folder.join(file).display().to_string();
    let list = |all: Vec<String>| Value::from(all.join(","));
    let mut settings = Map::new();
    if !configuration.authorities.is_empty() {
        let files = configuration.authorities.iter().map(path).collect();
        settings.insert("CACertificates".to_owned(), list(files));
    }
    let certificates = &configuration.client_certificates;
    if certificates.is_empty() {
        return settings;
    }
    let files = certificates.iter().map(|it| path(&it.file)).collect();
    settings.insert("ClientCertificates".to_owned(), list(files));
    let passwords = certificates.iter().map(|it| it.password.clone()).collect();
    settings.insert("ClientCertificatePasswords".to_owned(), list(passwords));
    let usages: Map<String, Value> = certificates
        .iter()
        .flat_map(|it| {
            it.pin_to
                .iter()
                .map(|user| (user.clone(), Value::from(path(&it.file))))
        })
        .collect();
    if !usages.is_empty() {
        settings.insert("ClientCertificateUsages".to_owned(), Value::Object(usages));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{assigned_to, document};
    use super::*;
    use mendix_model::names::Role;
    use serde_json::json;

    #[test]
    fn certificates_are_lists_of_files() {
        let more = r#","authorities":["a-0.crt","a-1.crt"],"clientCertificates":[
            {"file":"c-0.p12","password":"one","pinTo":["A.Service","host"]},{"file":"c-1.p12","password":"two"}]"#;
        let expected = json!({
            "CACertificates": "/run/mendix/configuration/a-0.crt,/run/mendix/configuration/a-1.crt",
            "ClientCertificates": "/run/mendix/configuration/c-0.p12,/run/mendix/configuration/c-1.p12",
            "ClientCertificatePasswords": "one,two",
            "ClientCertificateUsages": {
                "A.Service": "/run/mendix/configuration/c-0.p12", "host": "/run/mendix/configuration/c-0.p12",
            },
        });
        let settings = settings(&assigned_to(Role::Worker, &document("{}", more)));
        assert_eq!(Value::Object(settings), expected);
    }

    #[test]
    fn without_certificates_nothing_is_set() {
        assert!(settings(&assigned_to(Role::Leader, &document("{}", ""))).is_empty());
    }
}
