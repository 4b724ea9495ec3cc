//! Fields of `MendixApp`.

use super::Reach::{
    Admin, Budget, Build, Certificate, Deployments, HttpRoute, Ingress, Java, Pods, Provisioner, Route,
    Runtime, Service, Store,
};
use super::{Field, Table, UNKNOWN};

const SETTINGS: &[super::Reach] = &[Admin("update_configuration")];
const SUBSCRIBER: &[super::Reach] = &[Admin("create_log_subscriber")];
/// What leads to the Service from outside.
const FRONTS: &[super::Reach] = &[Ingress, Route, HttpRoute];
/// What is said of all pods.
const ALL_PODS: &[super::Reach] = &[Pods, Build, Provisioner];
const NO_CLASS: &str = "operators of 2020 had it; name a storage plan in `servicePlan`";
const NO_STRATEGY: &str = "every rollout keeps to one leader and one model";
const OF_WORKERS: &str = "counts workers, while the model stays; an app of one pod has a second one for the time, unless \
                          `maxSurge` is 0";

pub(super) const TABLE: Table = Table {
    kind: "MendixApp",
    fields: FIELDS,
    whole: &["topologySpreadConstraints"],
};

const FIELDS: &[Field] = &[
    Field::done("database.servicePlan", "1.0", &[Store]),
    Field::ignored("database.serviceClass", "1.0", NO_CLASS),
    Field::done("storage.servicePlan", "1.0", &[Store]),
    Field::ignored("storage.serviceClass", "1.0", NO_CLASS),
    Field::ignored(
        "mendixRuntimeVersion",
        "1.0",
        "the version is read from the package; only rule MX107 looks at this one",
    ),
    Field::done("sourceURL", "1.0", &[Build]),
    Field::done("sourceVersion", UNKNOWN, &[Build]),
    Field::done("appURL", "1.0", FRONTS),
    Field::done("tls.enableTLS", "1.5", &[Ingress]),
    Field::done("tls.secretName", "1.5", &[Ingress]),
    Field::done("tls.certificate", "1.5", &[Certificate]),
    Field::done("tls.key", "1.5", &[Certificate]),
    Field::done("replicas", "1.0", &[Deployments]),
    Field::done("resources.limits", "1.0", &[Pods]),
    Field::done("resources.requests", "1.0", &[Pods]),
    Field::done("runtimeDeploymentPodAnnotations", "1.11", &[Pods]),
    Field::done("serviceAnnotations", "1.12", &[Service]),
    Field::done("endpointAnnotations", "1.12", FRONTS),
    Field::done("ingressClassName", UNKNOWN, &[Ingress]),
    Field::differs(
        "ingressPath",
        UNKNOWN,
        FRONTS,
        "every path is taken, not only those that the official operator knows; a Route and an HTTPRoute know no patterns",
    ),
    Field::done("ingressPathType", UNKNOWN, &[Ingress, HttpRoute]),
    Field::done("topologySpreadConstraints", "2.14", &[Pods]),
    Field::done("runtime.logAutosubscribeLevel", "1.0", SUBSCRIBER),
    Field::done("runtime.mxAdminPassword", "1.0", &[Admin("create_admin_user")]),
    Field::done("runtime.debuggerPassword", UNKNOWN, &[Admin("enable_debugger")]),
    Field::done("runtime.dtapMode", "1.0", SETTINGS),
    Field::done("runtime.logLevels", UNKNOWN, &[Admin("set_log_level")]),
    Field::done("runtime.logFormatType", "2.11", SUBSCRIBER),
    Field::done("runtime.microflowConstants", UNKNOWN, SETTINGS),
    Field::done("runtime.scheduledEventExecution", UNKNOWN, SETTINGS),
    Field::done("runtime.myScheduledEvents", UNKNOWN, SETTINGS),
    Field::done(
        "runtime.jettyOptions",
        "1.0",
        &[Admin("update_appcontainer_configuration")],
    ),
    Field::done("runtime.environmentVariables[].name", UNKNOWN, &[Pods]),
    Field::done("runtime.environmentVariables[].value", UNKNOWN, &[Pods]),
    Field::done(
        "runtime.environmentVariables[].valueFrom.secretKeyRef.name",
        UNKNOWN,
        &[Pods],
    ),
    Field::done(
        "runtime.environmentVariables[].valueFrom.secretKeyRef.key",
        UNKNOWN,
        &[Pods],
    ),
    Field::done("runtime.clientCertificates[].key", "1.7", SETTINGS),
    Field::done("runtime.clientCertificates[].password", "1.7", SETTINGS),
    Field::done("runtime.clientCertificates[].pinTo", "1.7", SETTINGS),
    Field::done("runtime.customConfiguration", "1.0", SETTINGS),
    Field::differs(
        "runtime.runtimeLicense.type",
        UNKNOWN,
        &[Runtime],
        "a licence with id and key is an offline one, whatever stands here",
    ),
    Field::done("runtime.runtimeLicense.id", UNKNOWN, &[Admin("set_license")]),
    Field::done("runtime.runtimeLicense.key", UNKNOWN, &[Admin("set_license")]),
    Field::done("runtime.applicationRootUrl", UNKNOWN, SETTINGS),
    Field::differs(
        "runtimeMetricsConfiguration.mode",
        "2.0",
        SETTINGS,
        "`compatibility` names what it knows as `native` does",
    ),
    Field::done("runtimeMetricsConfiguration.interval", UNKNOWN, SETTINGS),
    Field::done("runtimeMetricsConfiguration.mxAgentConfig", UNKNOWN, &[Java]),
    Field::done(
        "runtimeMetricsConfiguration.mxAgentInstrumentationConfig",
        UNKNOWN,
        &[Java],
    ),
    Field::differs(
        "runtimeLeaderSelection",
        "2.11",
        &[Deployments],
        "`assigned` and `none`; `leaderless` is refused with a sentence",
    ),
    Field::done("customPodLabels.general", "2.13", ALL_PODS),
    Field::done("customPodAnnotations.general", "2.27", ALL_PODS),
    Field::done("customPodNodeSelector.general", "2.27", ALL_PODS),
    Field::ignored(
        "runtimeLicenseProduct",
        "2.12",
        "no licence manager is asked: give the licence in `runtime.runtimeLicense`",
    ),
    Field::ignored("deploymentStrategy.type", "2.20, gone in 2.24", NO_STRATEGY),
    Field::ignored("deploymentStrategy.switchoverThreshold", "2.20", NO_STRATEGY),
    Field::differs(
        "deploymentStrategy.rollingUpdate.maxSurge",
        "2.20",
        &[Deployments],
        OF_WORKERS,
    ),
    Field::differs(
        "deploymentStrategy.rollingUpdate.maxUnavailable",
        "2.20",
        &[Deployments],
        OF_WORKERS,
    ),
    Field::done("podDisruptionBudget.maxUnavailable", "2.24", &[Budget]),
    Field::done("podDisruptionBudget.minAvailable", "2.24", &[Budget]),
    Field::differs(
        "runtimeReadOnlyRootFilesystem",
        "2.21",
        &[Pods],
        "`model/resources` keeps what the package has in it",
    ),
    Field::done("allowOverrideSecretsWithSecretStoreCSIDriver", "2.9", &[Pods]),
    Field::done("jvmMemorySettings.heapLimit", "2.26", &[Java]),
];
