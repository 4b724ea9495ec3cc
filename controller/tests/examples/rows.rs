//! What each field of an example reaches: resource, field, object, path in it, and what stands there.
//!
//! What is written in the configuration Secret is for the guard, whose own tests take it from there.

/// Rows by example.
pub(crate) const ROWS: &[(&str, &str)] = &[
    ("older.yaml", OLDER),
    ("production.yaml", PRODUCTION),
    ("platform.yaml", PLATFORM),
    ("own-certificate.yaml", OWN_CERTIFICATE),
    ("load-balancer.yaml", LOAD_BALANCER),
    ("several-regions.yaml", SEVERAL_REGIONS),
    ("secret-store.yaml", SECRET_STORE),
    ("behind-a-proxy.yaml", BEHIND_A_PROXY),
    ("openshift-route.yaml", OPENSHIFT_ROUTE),
    ("gateway-route.yaml", GATEWAY_ROUTE),
    ("listener-set.yaml", LISTENER_SET),
];

const PRODUCTION: &str = r#"
MendixApp database.servicePlan storageinstances/shop-database /spec/planName "postgres"
MendixApp storage.servicePlan storageinstances/shop-file /spec/planName "files"
MendixApp sourceURL pods/shop-build /spec/containers/task/env/MENDIX_SOURCE_URL/value "https://packages.example.com/shop-1.4.2.mda"
MendixApp sourceVersion pods/shop-build /spec/containers/task/env/MENDIX_PUSH_IMAGE/value "registry.internal.example.com/apps/shop:1.4.2-1"
MendixApp appURL ingresses/shop /spec/rules/0/host "shop.example.com"
MendixApp tls.enableTLS ingresses/shop /spec/tls null
MendixApp replicas deployments/shop-worker /spec/replicas 2
MendixApp resources.limits deployments/shop-master /spec/template/spec/containers/mendix/resources/limits {"cpu":"2","ephemeral-storage":"1Gi","memory":"2Gi"}
MendixApp resources.requests deployments/shop-master /spec/template/spec/containers/mendix/resources/requests {"cpu":"500m","ephemeral-storage":"256Mi","memory":"2Gi"}
MendixApp runtimeReadOnlyRootFilesystem deployments/shop-master /spec/template/spec/containers/mendix/securityContext/readOnlyRootFilesystem true
MendixApp jvmMemorySettings.heapLimit secrets/shop-configuration /data/runtime.json/heapMebibytes 1200
MendixApp runtimeDeploymentPodAnnotations deployments/shop-worker /spec/template/metadata/annotations/example.com~1scrape "true"
MendixApp serviceAnnotations services/shop /metadata/annotations/example.com~1timeout "60"
MendixApp endpointAnnotations ingresses/shop /metadata/annotations/example.com~1body-size "100m"
MendixApp ingressClassName ingresses/shop /spec/ingressClassName "internal"
MendixApp ingressPath ingresses/shop /spec/rules/0/http/paths/0/path "/shop"
MendixApp ingressPathType ingresses/shop /spec/rules/0/http/paths/0/pathType "Exact"
MendixApp topologySpreadConstraints deployments/shop-worker /spec/template/spec/topologySpreadConstraints/0/topologyKey "topology.kubernetes.io/zone"
MendixApp customPodLabels.general deployments/shop-worker /spec/template/metadata/labels/example.com~1team "shop"
MendixApp customPodLabels.general pods/shop-build /metadata/labels/example.com~1team "shop"
MendixApp customPodLabels.general pods/shop-database /metadata/labels/example.com~1team "shop"
MendixApp customPodAnnotations.general deployments/shop-master /spec/template/metadata/annotations/example.com~1owner "shop@example.com"
MendixApp customPodAnnotations.general pods/shop-build /metadata/annotations/example.com~1owner "shop@example.com"
MendixApp customPodAnnotations.general pods/shop-file /metadata/annotations/example.com~1owner "shop@example.com"
MendixApp customPodNodeSelector.general deployments/shop-master /spec/template/spec/nodeSelector/example.com~1pool "apps"
MendixApp customPodNodeSelector.general pods/shop-build /spec/nodeSelector/example.com~1pool "apps"
MendixApp customPodNodeSelector.general pods/shop-file /spec/nodeSelector/example.com~1pool "apps"
MendixApp podDisruptionBudget.maxUnavailable poddisruptionbudgets/shop /spec/maxUnavailable 2
MendixApp runtime.dtapMode secrets/shop-configuration /data/runtime.json/settings/DTAPMode "D"
MendixApp runtime.logAutosubscribeLevel secrets/shop-configuration /data/runtime.json/logLevel "DEBUG"
MendixApp runtime.logLevels secrets/shop-configuration /data/runtime.json/logLevels/ConnectionBus "TRACE"
MendixApp runtime.logFormatType secrets/shop-configuration /data/runtime.json/logFormat "json"
MendixApp runtime.mxAdminPassword secrets/shop-configuration /data/runtime.json/adminUserPassword "Change-me-1"
MendixApp runtime.debuggerPassword secrets/shop-configuration /data/runtime.json/debuggerPassword "Change-me-2"
MendixApp runtime.microflowConstants secrets/shop-configuration /data/runtime.json/constants/Orders.PageSize "25"
MendixApp runtime.scheduledEventExecution secrets/shop-configuration /data/runtime.json/settings/ScheduledEventExecution "SPECIFIED"
MendixApp runtime.myScheduledEvents secrets/shop-configuration /data/runtime.json/settings/MyScheduledEvents "Orders.CleanUp,Orders.Remind"
MendixApp runtime.applicationRootUrl secrets/shop-configuration /data/runtime.json/settings/ApplicationRootUrl "https://shop.example.com/"
MendixApp runtime.jettyOptions secrets/shop-configuration /data/runtime.json/jettyOptions/max_form_content_size 10485760
MendixApp runtime.customConfiguration secrets/shop-configuration /data/runtime.json/settings/SessionTimeout 900000
MendixApp runtime.environmentVariables[].name deployments/shop-worker /spec/template/spec/containers/mendix/env/MAIL_PASSWORD/name "MAIL_PASSWORD"
MendixApp runtime.environmentVariables[].value deployments/shop-worker /spec/template/spec/containers/mendix/env/JAVA_TOOL_OPTIONS/value "-Dhttp.proxyHost=proxy.example.com -Dhttp.proxyPort=8080"
MendixApp runtime.environmentVariables[].valueFrom.secretKeyRef.name deployments/shop-worker /spec/template/spec/containers/mendix/env/MAIL_PASSWORD/valueFrom/secretKeyRef/name "mail"
MendixApp runtime.environmentVariables[].valueFrom.secretKeyRef.key deployments/shop-worker /spec/template/spec/containers/mendix/env/MAIL_PASSWORD/valueFrom/secretKeyRef/key "password"
MendixApp runtime.clientCertificates[].key secrets/shop-configuration /data/client-certificate-0.p12 "PKCS 12"
MendixApp runtime.clientCertificates[].password secrets/shop-configuration /data/runtime.json/clientCertificates/0/password "Change-me-3"
MendixApp runtime.clientCertificates[].pinTo secrets/shop-configuration /data/runtime.json/clientCertificates/0/pinTo ["bank.example.com"]
MendixApp runtime.runtimeLicense.type runtimes/shop /spec/resources/runtimeLicense/type "offline"
MendixApp runtime.runtimeLicense.id secrets/shop-configuration /data/runtime.json/license/id "5f0c1e9a-0000-4000-8000-000000000000"
MendixApp runtime.runtimeLicense.key secrets/shop-configuration /data/runtime.json/license/key "change-me"
MendixApp runtimeMetricsConfiguration.mode secrets/shop-configuration /data/runtime.json/nativeMetrics true
MendixApp runtimeMetricsConfiguration.interval secrets/shop-configuration /data/runtime.json/metricsIntervalSeconds 30
MendixApp runtimeMetricsConfiguration.mxAgentConfig secrets/shop-configuration /data/mx-agent.json "{\"requestHandlers\": [{\"name\": \"*\"}]}"
MendixApp runtimeMetricsConfiguration.mxAgentInstrumentationConfig secrets/shop-configuration /data/mx-agent-instrumentation.json "{\"classes\": []}"
OperatorConfiguration buildRuntimeBaseImage pods/shop-build /spec/containers/task/env/MENDIX_BASE_IMAGE/value "registry.example.com/runtime-base:{{.MxRuntimeVersion}}-jre{{.JavaVersion}}"
OperatorConfiguration registry.pushURL pods/shop-build /spec/containers/task/env/MENDIX_PUSH_IMAGE/value "registry.internal.example.com/apps/shop:1.4.2-1"
OperatorConfiguration registry.pullURL pods/shop-build /spec/containers/task/env/MENDIX_PULL_REPOSITORY/value "registry.example.com/apps/shop"
OperatorConfiguration registry.imageNameTemplate pods/shop-build /spec/containers/task/env/MENDIX_PUSH_IMAGE/value "registry.internal.example.com/apps/shop:1.4.2-1"
OperatorConfiguration endpoint.type ingresses/shop /spec/rules/0/host "shop.example.com"
OperatorConfiguration endpoint.serviceAnnotations services/shop /metadata/annotations/example.com~1app "shop at apps.example.com"
OperatorConfiguration endpoint.ingress.annotations ingresses/shop /metadata/annotations/example.com~1host "shop.apps.example.com"
"#;

const PLATFORM: &str = r#"
OperatorConfiguration registry.secretName pods/shop-build /spec/volumes/secret-0/secret/secretName "registry-login"
OperatorConfiguration registry.secretName deployments/shop-master /spec/template/spec/imagePullSecrets/0/name "registry-login"
OperatorConfiguration registry.insecure pods/shop-build /spec/containers/task/env/MENDIX_REGISTRY_INSECURE/value "true"
OperatorConfiguration registry.serviceAccountName pods/shop-build /spec/serviceAccountName "apps-builder"
OperatorConfiguration endpoint.ingress.domain ingresses/shop /spec/rules/0/host "shop.apps.example.com"
OperatorConfiguration endpoint.ingress.enableTLS ingresses/shop /spec/tls/0/hosts ["shop.apps.example.com"]
OperatorConfiguration endpoint.ingress.tlsSecretName ingresses/shop /spec/tls/0/secretName "wildcard"
OperatorConfiguration endpoint.ingress.ingressClassName ingresses/shop /spec/ingressClassName "nginx"
OperatorConfiguration endpoint.ingress.path ingresses/shop /spec/rules/0/http/paths/0/path "/apps"
OperatorConfiguration endpoint.ingress.pathType ingresses/shop /spec/rules/0/http/paths/0/pathType "Prefix"
OperatorConfiguration trust.customCASecretName pods/shop-build /spec/volumes/secret-1/secret/secretName "authorities"
OperatorConfiguration trust.customCASecretName pods/shop-database /spec/volumes/secret-0/secret/secretName "authorities"
OperatorConfiguration trust.customCASecretName secrets/shop-configuration /data/runtime.json/authorities ["authority-0.crt"]
OperatorConfiguration buildResources.limits pods/shop-build /spec/containers/task/resources/limits/memory "512Mi"
OperatorConfiguration buildResources.requests pods/shop-build /spec/containers/task/resources/requests/cpu "300m"
OperatorConfiguration runtimeResources.limits deployments/shop-master /spec/template/spec/containers/mendix/resources/limits/memory "1Gi"
OperatorConfiguration runtimeResources.requests deployments/shop-master /spec/template/spec/containers/mendix/resources/requests/memory "1Gi"
OperatorConfiguration runtimeLivenessProbe deployments/shop-master /spec/template/spec/containers/mendix/livenessProbe/periodSeconds 20
OperatorConfiguration runtimeReadinessProbe deployments/shop-master /spec/template/spec/containers/mendix/readinessProbe/initialDelaySeconds 3
OperatorConfiguration runtimeTerminationGracePeriodSeconds deployments/shop-master /spec/template/spec/terminationGracePeriodSeconds 210
OperatorConfiguration runtimeTerminationGracePeriodSeconds secrets/shop-configuration /data/runtime.json/terminationGracePeriodSeconds 120
OperatorConfiguration runtimeTerminationDelaySeconds deployments/shop-master /spec/template/spec/terminationGracePeriodSeconds 210
OperatorConfiguration runtimeTerminationDelaySeconds secrets/shop-configuration /data/runtime.json/terminationDelaySeconds 90
OperatorConfiguration runtimeAutomountServiceAccountToken deployments/shop-master /spec/template/spec/automountServiceAccountToken true
OperatorConfiguration runtimeDeploymentPodAnnotations deployments/shop-master /spec/template/metadata/annotations/prometheus.io~1scrape "true"
OperatorConfiguration runtimeLogFormatType secrets/shop-configuration /data/runtime.json/logFormat "json"
OperatorConfiguration runtimeMetricsConfiguration.mode secrets/shop-configuration /data/runtime.json/nativeMetrics true
OperatorConfiguration runtimeMetricsConfiguration.interval secrets/shop-configuration /data/runtime.json/metricsIntervalSeconds 120
OperatorConfiguration runtimeMetricsConfiguration.mxAgentConfig secrets/shop-configuration /data/mx-agent.json "{\"microflows\": [{\"name\": \"*\"}]}"
OperatorConfiguration runtimeMetricsConfiguration.mxAgentInstrumentationConfig secrets/shop-configuration /data/mx-agent-instrumentation.json "{\"classes\": []}"
OperatorConfiguration customPodLabels.general deployments/shop-master /spec/template/metadata/labels/example.com~1team "platform"
OperatorConfiguration customPodLabels.general pods/shop-build /metadata/labels/example.com~1team "platform"
OperatorConfiguration customPodLabels.general pods/shop-database /metadata/labels/example.com~1team "platform"
OperatorConfiguration customPodAnnotations.general deployments/shop-master /spec/template/metadata/annotations/example.com~1owner "platform@example.com"
OperatorConfiguration customPodAnnotations.general pods/shop-build /metadata/annotations/example.com~1owner "platform@example.com"
OperatorConfiguration customPodAnnotations.general pods/shop-file /metadata/annotations/example.com~1owner "platform@example.com"
OperatorConfiguration customPodNodeSelector.general deployments/shop-master /spec/template/spec/nodeSelector/example.com~1pool "platform"
OperatorConfiguration customPodNodeSelector.general pods/shop-build /spec/nodeSelector/example.com~1pool "platform"
OperatorConfiguration customPodNodeSelector.general pods/shop-database /spec/nodeSelector/example.com~1pool "platform"
"#;

const OWN_CERTIFICATE: &str = r#"
MendixApp tls.enableTLS ingresses/shop /spec/tls/0/secretName "shop-tls"
MendixApp tls.certificate secrets/shop-tls /data/tls.crt "-----BEGIN CERTIFICATE-----\nbWFkZSB1cA==\n-----END CERTIFICATE-----"
MendixApp tls.key secrets/shop-tls /data/tls.key "-----BEGIN PRIVATE KEY-----\nbWFkZSB1cA==\n-----END PRIVATE KEY-----"
MendixApp podDisruptionBudget.minAvailable poddisruptionbudgets/shop /spec/minAvailable 0
OperatorConfiguration endpoint.ingress.customIngressClassAsAnnotation ingresses/shop /metadata/annotations/kubernetes.io~1ingress.class "azure/application-gateway"
"#;

const OLDER: &str = r#"
MendixApp deploymentStrategy.rollingUpdate.maxSurge deployments/shop-worker /spec/strategy/rollingUpdate/maxSurge 1
MendixApp deploymentStrategy.rollingUpdate.maxUnavailable deployments/shop-worker /spec/strategy/rollingUpdate/maxUnavailable "50%"
"#;

const LOAD_BALANCER: &str = r#"
OperatorConfiguration endpoint.serviceType services/shop /spec/type "LoadBalancer"
OperatorConfiguration endpoint.servicePorts services/shop /spec/ports/http-443/port 443
"#;

const SEVERAL_REGIONS: &str = r#"
MendixApp runtimeLeaderSelection deployments/shop-worker /spec/replicas 2
MendixApp tls.secretName ingresses/shop /spec/tls/0/secretName "shop-certificate"
"#;

const SECRET_STORE: &str = r#"
MendixApp allowOverrideSecretsWithSecretStoreCSIDriver deployments/shop-master /spec/template/spec/containers/mendix/volumeMounts/secret-store/mountPath "/mnt/secrets"
OperatorConfiguration proxy.secretName pods/shop-build /spec/containers/task/env/HTTPS_PROXY/valueFrom/secretKeyRef/name "proxy-login"
OperatorConfiguration proxy.secretName pods/shop-file /spec/containers/task/env/HTTP_PROXY/valueFrom/secretKeyRef/name "proxy-login"
"#;

const BEHIND_A_PROXY: &str = r#"
OperatorConfiguration proxy.httpProxy pods/shop-build /spec/containers/task/env/HTTP_PROXY/value "http://proxy.example.com:3128"
OperatorConfiguration proxy.httpProxy pods/shop-database /spec/containers/task/env/HTTP_PROXY/value "http://proxy.example.com:3128"
OperatorConfiguration proxy.httpsProxy pods/shop-build /spec/containers/task/env/HTTPS_PROXY/value "http://proxy.example.com:3129"
OperatorConfiguration proxy.httpsProxy pods/shop-file /spec/containers/task/env/HTTPS_PROXY/value "http://proxy.example.com:3129"
OperatorConfiguration proxy.noProxy pods/shop-build /spec/containers/task/env/NO_PROXY/value "localhost,127.0.0.1,::1,.svc,.cluster.local,$(KUBERNETES_SERVICE_HOST),.corp.example.com"
OperatorConfiguration proxy.noProxy pods/shop-database /spec/containers/task/env/NO_PROXY/value "localhost,127.0.0.1,::1,.svc,.cluster.local,$(KUBERNETES_SERVICE_HOST),.corp.example.com"
"#;

const OPENSHIFT_ROUTE: &str = r#"
MendixApp appURL routes/shop /spec/host "shop.example.com"
MendixApp ingressPath routes/shop /spec/path "/shop"
MendixApp endpointAnnotations routes/shop /metadata/annotations/haproxy.router.openshift.io~1timeout "120s"
OperatorConfiguration endpoint.type routes/shop /spec/to/name "shop"
OperatorConfiguration endpoint.openshiftRoute.annotations routes/shop /metadata/annotations/haproxy.router.openshift.io~1hsts_header "max-age=31536000"
OperatorConfiguration endpoint.openshiftRoute.domain routes/shop /metadata/annotations/example.com~1generated "shop.apps.example.com"
OperatorConfiguration endpoint.openshiftRoute.enableTLS routes/shop /spec/tls/insecureEdgeTerminationPolicy "Redirect"
OperatorConfiguration endpoint.openshiftRoute.tlsSecretName routes/shop /spec/tls/certificate "-----BEGIN CERTIFICATE-----\nbWFkZSB1cA==\n-----END CERTIFICATE-----\n"
"#;

const GATEWAY_ROUTE: &str = r#"
MendixApp appURL httproutes/shop /spec/hostnames ["shop.example.com"]
MendixApp ingressPath httproutes/shop /spec/rules/0/matches/0/path/value "/shop"
MendixApp ingressPathType httproutes/shop /spec/rules/0/matches/0/path/type "Exact"
MendixApp endpointAnnotations httproutes/shop /metadata/annotations/example.com~1team "shop"
OperatorConfiguration endpoint.type httproutes/shop /spec/rules/0/backendRefs/0/name "shop"
OperatorConfiguration endpoint.gatewayRoute.annotations httproutes/shop /metadata/annotations/example.com~1owner "platform@example.com"
OperatorConfiguration endpoint.gatewayRoute.domain httproutes/shop /metadata/annotations/example.com~1generated "shop.apps.example.com"
OperatorConfiguration endpoint.gatewayRoute.enableTLS endpoints/shop /status/appURL "https://shop.example.com"
OperatorConfiguration endpoint.gatewayRoute.gatewayParentReference.name httproutes/shop /spec/parentRefs/0/name "public"
OperatorConfiguration endpoint.gatewayRoute.gatewayParentReference.namespace httproutes/shop /spec/parentRefs/0/namespace "gateways"
OperatorConfiguration endpoint.gatewayRoute.gatewayParentReference.sectionName httproutes/shop /spec/parentRefs/0/sectionName "https"
OperatorConfiguration endpoint.gatewayRoute.gatewayRouteResponseHeaderModifiers.add httproutes/shop /spec/rules/0/filters/1/responseHeaderModifier/add/X-Served-By/value "mendix"
OperatorConfiguration endpoint.gatewayRoute.gatewayRouteResponseHeaderModifiers.set httproutes/shop /spec/rules/0/filters/1/responseHeaderModifier/set/Strict-Transport-Security/value "max-age=31536000"
OperatorConfiguration endpoint.gatewayRoute.gatewayRouteResponseHeaderModifiers.remove httproutes/shop /spec/rules/0/filters/1/responseHeaderModifier/remove ["Server"]
OperatorConfiguration endpoint.gatewayRoute.gatewayRouteRequestHeaderModifiers.add httproutes/shop /spec/rules/0/filters/0/requestHeaderModifier/add/X-From/value "gateway"
OperatorConfiguration endpoint.gatewayRoute.gatewayRouteRequestHeaderModifiers.set httproutes/shop /spec/rules/0/filters/0/requestHeaderModifier/set/X-Forwarded-Proto/value "https"
OperatorConfiguration endpoint.gatewayRoute.gatewayRouteRequestHeaderModifiers.remove httproutes/shop /spec/rules/0/filters/0/requestHeaderModifier/remove ["X-Debug"]
"#;

const LISTENER_SET: &str = r#"
OperatorConfiguration endpoint.gatewayRoute.gatewayParentReference.group httproutes/shop /spec/parentRefs/0/group "gateway.networking.x-k8s.io"
OperatorConfiguration endpoint.gatewayRoute.gatewayParentReference.kind httproutes/shop /spec/parentRefs/0/kind "XListenerSet"
"#;
