{{/* Secret that the webhook keeps a certificate of its own in. */}}
{{- define "mendix.webhook.secret" -}}
{{ include "mendix.webhook.name" . }}-certificate
{{- end }}

{{/*
Whether the webhook adds the gate to pods: where the API server cannot do it by itself. Not empty: it does.
*/}}
{{- define "mendix.webhook.births" -}}
{{- $native := .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" }}
{{- if not (or (eq .Values.gate.mutatingAdmissionPolicy "on") (and (eq .Values.gate.mutatingAdmissionPolicy "auto") $native)) }}
yes
{{- end }}
{{- end }}

{{/*
How API servers call: `root`, `path`. With a certificate of its own the webhook itself writes the authority; it is not
named here, so that an upgrade leaves it as it is.
*/}}
{{- define "mendix.webhook.client" -}}
service:
  name: {{ include "mendix.webhook.name" .root }}
  namespace: {{ .root.Release.Namespace }}
  path: {{ .path }}
  port: 443
{{- with .root.Values.webhook }}
{{- if and .certificateSecretName (not .certManagerCertificate) }}
caBundle: {{ required "webhook.caBundle is empty: set it to the authority that signed the webhook's certificate, as PEM in base64, or webhook.certManagerCertificate" .caBundle }}
{{- end }}
{{- end }}
{{- end }}

{{/* Annotations of both configurations. */}}
{{- define "mendix.webhook.annotations" -}}
{{- with .Values.webhook.certManagerCertificate }}
annotations:
  cert-manager.io/inject-ca-from: {{ . }}
{{- end }}
{{- end }}

{{/*
Namespaces: those of the gate, but never kube-system. `root`, `name` and `selector` of the gate's, `without`: others that are
left out. One that is managed and guarded asks once.
*/}}
{{- define "mendix.webhook.namespaces" -}}
{{- $without := concat (list "kube-system") .without }}
{{- if eq .name "guarded" }}
{{- $without = concat $without (include "mendix.namespaces" .root | fromJson).list }}
{{- end }}
matchExpressions:
  - {{- toYaml .selector | nindent 4 }}
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{- uniq $without | toYaml | nindent 6 }}
{{- end }}

{{/* The controller does what the rules are there for; its uninstall must not wait for anybody. */}}
{{- define "mendix.webhook.others" -}}
- name: not-the-controller
  expression: request.userInfo.username != 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "mendix.controller.name" . }}'
{{- end }}

{{/* What a Deployment makes was judged with the Deployment. */}}
{{- define "mendix.webhook.own" -}}
- name: not-of-another-workload
  expression: >-
    request.resource.resource != 'replicasets' || request.?subResource.orValue('') == 'scale'
    || !object.?metadata.?ownerReferences.hasValue()
{{- end }}

{{/* A template with our label, before or after. */}}
{{- define "mendix.webhook.labelled" -}}
object.?spec.?template.?metadata.?labels[?'kubectl-mendix.io/environment'].hasValue()
|| (oldObject != null && oldObject.?spec.?template.?metadata.?labels[?'kubectl-mendix.io/environment'].hasValue())
{{- end }}

{{/* Workloads, as rules of a webhook. */}}
{{- define "mendix.webhook.workloads" -}}
- apiGroups: [apps]
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  scope: Namespaced
{{- end }}
