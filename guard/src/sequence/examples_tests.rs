//! The files of `examples/`, and what each field in them says to the runtime: the requests of the admin port and the
//! options of the Java machine. The tests of the controller show that the field reaches the document.

use super::plan::{plan, tests::assigned_to};
use crate::java;
use mendix_model::crd::fields::{Reach, TABLES, path};
use mendix_model::crd::{MendixAppSpec, OperatorConfigurationSpec};
use mendix_model::names::Role;
use mendix_model::runtime_configuration::{Input, configuration};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Example, resource, field, action (or `java`), path in its parameters, and what stands there.
const ROWS: &str = r#"
production MendixApp runtime.logAutosubscribeLevel create_log_subscriber /autosubscribe "DEBUG"
production MendixApp runtime.logFormatType create_log_subscriber /type "console_json"
production MendixApp runtime.logLevels set_log_level /nodes [{"level":"TRACE","name":"ConnectionBus"}]
production MendixApp runtime.jettyOptions update_appcontainer_configuration /runtime_jetty_options {"max_form_content_size":10485760}
production MendixApp runtime.dtapMode update_configuration /DTAPMode "D"
production MendixApp runtime.microflowConstants update_configuration /MicroflowConstants/Orders.PageSize "25"
production MendixApp runtime.scheduledEventExecution update_configuration /ScheduledEventExecution "SPECIFIED"
production MendixApp runtime.myScheduledEvents update_configuration /MyScheduledEvents "Orders.CleanUp,Orders.Remind"
production MendixApp runtime.applicationRootUrl update_configuration /ApplicationRootUrl "https://shop.example.com/"
production MendixApp runtime.customConfiguration update_configuration /SessionTimeout 900000
production MendixApp runtime.clientCertificates[].key update_configuration /ClientCertificates "/run/mendix/configuration/client-certificate-0.p12"
production MendixApp runtime.clientCertificates[].password update_configuration /ClientCertificatePasswords "Change-me-3"
production MendixApp runtime.clientCertificates[].pinTo update_configuration /ClientCertificateUsages {"bank.example.com":"/run/mendix/configuration/client-certificate-0.p12"}
production MendixApp runtimeMetricsConfiguration.mode update_configuration /Metrics.Registries/0/type "prometheus"
production MendixApp runtimeMetricsConfiguration.interval update_configuration /Metrics.Registries/0/settings/step "30s"
production MendixApp runtime.mxAdminPassword create_admin_user /password "Change-me-1"
production MendixApp runtime.debuggerPassword enable_debugger /password "Change-me-2"
production MendixApp runtime.runtimeLicense.id set_license /license_id "5f0c1e9a-0000-4000-8000-000000000000"
production MendixApp runtime.runtimeLicense.key set_license /license_key "change-me"
production MendixApp jvmMemorySettings.heapLimit java /heap "-Xmx1200m"
production MendixApp runtimeMetricsConfiguration.mxAgentConfig java /agent "config=/run/mendix/configuration/mx-agent.json"
production MendixApp runtimeMetricsConfiguration.mxAgentInstrumentationConfig java /instrumentation "instrumentation_config=/run/mendix/configuration/mx-agent-instrumentation.json"
platform OperatorConfiguration trust.customCASecretName update_configuration /CACertificates "/run/mendix/configuration/authority-0.crt"
platform OperatorConfiguration runtimeLogFormatType create_log_subscriber /type "console_json"
platform OperatorConfiguration runtimeMetricsConfiguration.mode update_configuration /Metrics.Registries/0/type "prometheus"
platform OperatorConfiguration runtimeMetricsConfiguration.interval update_configuration /Metrics.Registries/0/settings/step "120s"
platform OperatorConfiguration runtimeMetricsConfiguration.mxAgentConfig java /agent "config=/run/mendix/configuration/mx-agent.json"
platform OperatorConfiguration runtimeMetricsConfiguration.mxAgentInstrumentationConfig java /instrumentation "instrumentation_config=/run/mendix/configuration/mx-agent-instrumentation.json"
"#;

/// One line of [`ROWS`].
struct Row {
    example: &'static str,
    kind: &'static str,
    field: &'static str,
    action: &'static str,
    place: &'static str,
    value: Value,
}

fn rows() -> impl Iterator<Item = Row> {
    ROWS.lines().filter(|line| !line.is_empty()).map(|line| {
        let words: Vec<_> = line.splitn(6, ' ').collect();
        let [example, kind, field, action, place, value] = words[..] else {
            panic!("six words: {line}");
        };
        let value = serde_json::from_str(value).expect("JSON");
        Row {
            example,
            kind,
            field,
            action,
            place,
            value,
        }
    })
}

fn documents(example: &str) -> Vec<Value> {
    let file = format!("{}/../examples/{example}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("the example");
    let parts = text.split("\n---\n");
    parts
        .map(|part| serde_saphyr::from_str(part).expect("YAML"))
        .collect()
}

fn spec(documents: &[Value], kind: &str) -> Value {
    let found = documents.iter().find(|document| document["kind"] == *kind);
    found
        .map(|document| document["spec"].clone())
        .expect("the resource")
}

/// The bundle of a Secret of the example.
fn authorities(documents: &[Value], name: &str) -> Vec<u8> {
    let secret = documents
        .iter()
        .find(|document| document["metadata"]["name"] == *name);
    let text = secret.and_then(|secret| secret["stringData"]["custom.crt"].as_str());
    text.expect("the bundle").as_bytes().to_vec()
}

/// What is said to the runtime of the app, by action.
fn said(documents: &[Value], app: Value, platform: Value) -> Map<String, Value> {
    let app: MendixAppSpec = serde_json::from_value(app).expect("an app");
    let platform: OperatorConfigurationSpec = serde_json::from_value(platform).expect("a configuration");
    let settings = app.runtime.as_ref();
    let trusted = platform
        .trust
        .as_ref()
        .and_then(|trust| trust.custom_ca_secret_name.as_deref());
    let trusted = trusted.map(|name| authorities(documents, name));
    let log_format = settings.and_then(|settings| settings.log_format_type.as_deref());
    let heap = app.jvm_memory_settings.as_ref();
    let input = Input {
        settings,
        metrics: app
            .runtime_metrics_configuration
            .as_ref()
            .or(platform.runtime_metrics_configuration.as_ref()),
        log_format: log_format.or(platform.runtime_log_format_type.as_deref()),
        license: settings.and_then(|settings| settings.runtime_license.as_ref()),
        heap_limit: heap.and_then(|heap| heap.heap_limit.as_ref()),
        authorities: trusted.as_deref(),
        ..Input::default()
    };
    // A field without which another makes no sense: nothing is said then.
    let Ok(content) = configuration(&input) else {
        return Map::new();
    };
    let document = serde_json::to_string(&content.document).expect("JSON");
    let mut assignment = assigned_to(Role::Leader, &document);
    assignment.agent = Some("/opt/mendix/mxagent/mx-agent.jar".into());
    let plan = plan(&assignment, Duration::from_secs(10));
    let requests = plan.preparation.into_iter().chain(plan.completion);
    requests
        .map(|request| (request.action.to_owned(), request.params))
        .chain([(
            "java".to_owned(),
            options(&java::options(&assignment).unwrap_or_default()),
        )])
        .collect()
}

/// The options of the Java machine by what they say.
fn options(text: &str) -> Value {
    let find = |start: &str| {
        let parts = text.split([' ', ',']).flat_map(|word| word.split(".jar="));
        parts
            .into_iter()
            .find(|part| part.starts_with(start))
            .map(Value::from)
    };
    json!({
        "heap": find("-Xmx"),
        "agent": find("config="),
        "instrumentation": find("instrumentation_config="),
    })
}

#[test]
fn every_field_is_said_to_the_runtime() {
    for row in rows() {
        let documents = documents(row.example);
        let specs = |cut: &str| {
            ["MendixApp", "OperatorConfiguration"].map(|kind| {
                let spec = spec(&documents, kind);
                if kind == cut {
                    path::without(&spec, row.field)
                } else {
                    spec
                }
            })
        };
        let at = |[app, platform]: [Value; 2]| {
            let said = said(&documents, app, platform);
            let found = said.get(row.action).and_then(|params| params.pointer(row.place));
            found.cloned().unwrap_or_default()
        };
        let what = format!("{} {} {}", row.example, row.kind, row.field);
        assert_eq!(at(specs("")), row.value, "{what}");
        assert_ne!(at(specs(row.kind)), row.value, "{what}, without the field");
    }
}

#[test]
fn every_request_that_the_documentation_names_is_looked_at() {
    for (table, field) in TABLES
        .iter()
        .flat_map(|table| table.fields.iter().map(move |field| (table, field)))
    {
        for reach in field
            .ours
            .reaches()
            .iter()
            .filter(|reach| reach.is_of_the_guard())
        {
            let action = match reach {
                Reach::Admin(action) => *action,
                _ => "java",
            };
            let looked_at =
                |row: &Row| row.kind == table.kind && row.field == field.path && row.action == action;
            assert!(
                rows().any(|row| looked_at(&row)),
                "{} {}: {reach}",
                table.kind,
                field.path
            );
        }
    }
}
