//! Fields of `OperatorConfiguration`.

use super::Reach::{Address, Admin, Build, HttpRoute, Ingress, Java, Pods, Provisioner, Route, Service};
use super::{Field, OURS, Table, UNKNOWN};

const SETTINGS: &[super::Reach] = &[Admin("update_configuration")];
/// What is said of all pods.
const ALL_PODS: &[super::Reach] = &[Pods, Build, Provisioner];
const TASKS: &[super::Reach] = &[Build, Provisioner];
const NO_LICENSE_MANAGER: &str = "no licence manager is asked: give the licence in the app";
const NO_SIDECAR: &str = "there is no sidecar: the guard is the first process of container `mendix`";
const PROBE: &str = "its numbers are taken; what is asked stays the guard's affair";

pub(super) const TABLE: Table = Table {
    kind: "OperatorConfiguration",
    fields: FIELDS,
    whole: &[
        "runtimeLivenessProbe",
        "runtimeReadinessProbe",
        "runtimeStartupProbe",
    ],
};

const FIELDS: &[Field] = &[
    Field::ignored(
        "baseOSImageTagTemplate",
        "2.15",
        "one base image holds both, see `buildRuntimeBaseImage`",
    ),
    Field::differs(
        "buildRuntimeBaseImage",
        "1.0, null since 2.15",
        &[Build],
        "needed; `{{.JavaVersion}}` is filled in too",
    ),
    Field::differs(
        "endpoint.type",
        UNKNOWN,
        &[Ingress, Route, HttpRoute],
        "`service` when absent",
    ),
    Field::done("endpoint.serviceType", UNKNOWN, &[Service]),
    Field::done("endpoint.servicePorts", UNKNOWN, &[Service]),
    Field::done("endpoint.serviceAnnotations", UNKNOWN, &[Service]),
    Field::done("endpoint.ingress.annotations", UNKNOWN, &[Ingress]),
    Field::done("endpoint.ingress.domain", UNKNOWN, &[Ingress]),
    Field::done("endpoint.ingress.enableTLS", UNKNOWN, &[Ingress]),
    Field::done("endpoint.ingress.tlsSecretName", UNKNOWN, &[Ingress]),
    Field::done("endpoint.ingress.ingressClassName", UNKNOWN, &[Ingress]),
    Field::done(
        "endpoint.ingress.customIngressClassAsAnnotation",
        UNKNOWN,
        &[Ingress],
    ),
    Field::done("endpoint.ingress.path", UNKNOWN, &[Ingress]),
    Field::differs(
        "endpoint.ingress.pathType",
        UNKNOWN,
        &[Ingress],
        "`ImplementationSpecific` when absent, since Kubernetes wants one",
    ),
    Field::done("endpoint.openshiftRoute.annotations", UNKNOWN, &[Route]),
    Field::done("endpoint.openshiftRoute.domain", UNKNOWN, &[Route]),
    Field::done("endpoint.openshiftRoute.enableTLS", UNKNOWN, &[Route]),
    Field::done("endpoint.openshiftRoute.tlsSecretName", UNKNOWN, &[Route]),
    Field::done("endpoint.gatewayRoute.annotations", OURS, &[HttpRoute]),
    Field::done("endpoint.gatewayRoute.domain", "2.27", &[HttpRoute]),
    Field::done("endpoint.gatewayRoute.enableTLS", "2.27", &[Address]),
    Field::done(
        "endpoint.gatewayRoute.gatewayParentReference.group",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayParentReference.kind",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayParentReference.name",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayParentReference.namespace",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayParentReference.sectionName",
        OURS,
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayRouteResponseHeaderModifiers.add",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayRouteResponseHeaderModifiers.set",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayRouteResponseHeaderModifiers.remove",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayRouteRequestHeaderModifiers.add",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayRouteRequestHeaderModifiers.set",
        "2.27",
        &[HttpRoute],
    ),
    Field::done(
        "endpoint.gatewayRoute.gatewayRouteRequestHeaderModifiers.remove",
        "2.27",
        &[HttpRoute],
    ),
    Field::ignored(
        "registry.type",
        UNKNOWN,
        "every registry is spoken to in the same way",
    ),
    Field::done("registry.pullURL", UNKNOWN, &[Build]),
    Field::done("registry.pushURL", UNKNOWN, &[Build]),
    Field::done("registry.imageNameTemplate", UNKNOWN, &[Build]),
    Field::done("registry.secretName", OURS, &[Build, Pods]),
    Field::done("registry.insecure", OURS, &[Build]),
    Field::done("registry.serviceAccountName", OURS, &[Build]),
    Field::done(
        "trust.customCASecretName",
        UNKNOWN,
        &[Build, Provisioner, Admin("update_configuration")],
    ),
    Field::done("proxy.httpProxy", OURS, TASKS),
    Field::done("proxy.httpsProxy", OURS, TASKS),
    Field::done("proxy.noProxy", OURS, TASKS),
    Field::done("proxy.secretName", OURS, TASKS),
    Field::ignored("licenseManager.credentialsSecretName", "2.11", NO_LICENSE_MANAGER),
    Field::ignored("licenseManager.serverURL", "2.11", NO_LICENSE_MANAGER),
    Field::ignored("sidecarResources.limits", UNKNOWN, NO_SIDECAR),
    Field::ignored("sidecarResources.requests", UNKNOWN, NO_SIDECAR),
    Field::ignored("metricsSidecarResources.limits", UNKNOWN, NO_SIDECAR),
    Field::ignored("metricsSidecarResources.requests", UNKNOWN, NO_SIDECAR),
    Field::done("buildResources.limits", UNKNOWN, &[Build]),
    Field::done("buildResources.requests", UNKNOWN, &[Build]),
    Field::done("runtimeResources.limits", "1.1", &[Pods]),
    Field::done("runtimeResources.requests", "1.1", &[Pods]),
    Field::differs("runtimeLivenessProbe", "1.1", &[Pods], PROBE),
    Field::differs("runtimeReadinessProbe", "1.1", &[Pods], PROBE),
    Field::ignored(
        "runtimeStartupProbe",
        "2.6, without effect since 2.15",
        "the liveness probe knows a runtime that is starting",
    ),
    Field::done("runtimeTerminationGracePeriodSeconds", "2.6", &[Pods]),
    Field::done("runtimeTerminationDelaySeconds", UNKNOWN, &[Pods]),
    Field::done("runtimeAutomountServiceAccountToken", "1.11", &[Pods]),
    Field::done("runtimeDeploymentPodAnnotations", UNKNOWN, &[Pods]),
    Field::differs(
        "runtimeMetricsConfiguration.mode",
        UNKNOWN,
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
    Field::done("runtimeLogFormatType", "2.11", &[Admin("create_log_subscriber")]),
    Field::done("customPodLabels.general", "2.13", ALL_PODS),
    Field::done("customPodAnnotations.general", "2.27", ALL_PODS),
    Field::done("customPodNodeSelector.general", "2.27", ALL_PODS),
];
