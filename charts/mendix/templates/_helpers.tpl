{{/* Name of the controller's objects. */}}
{{- define "mendix.controller.name" -}}
{{ printf "%s-controller" (.Release.Name | trunc 40 | trimSuffix "-") }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "mendix.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
app.kubernetes.io/name: mendix
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Name of the webhook's objects. */}}
{{- define "mendix.webhook.name" -}}
{{ printf "%s-webhook" (.Release.Name | trunc 40 | trimSuffix "-") }}
{{- end }}

{{/* Labels that select the controller's pods. Never changed: selectors are immutable. */}}
{{- define "mendix.controller.selector" -}}
app.kubernetes.io/name: mendix
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{/* The same for the webhook's pods. */}}
{{- define "mendix.webhook.selector" -}}
app.kubernetes.io/name: mendix
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: webhook
{{- end }}

{{/* Managed namespaces, as a JSON object with the one key `list`. */}}
{{- define "mendix.namespaces" -}}
{{ dict "list" (.Values.namespaces | default (list .Release.Namespace) | uniq) | toJson }}
{{- end }}

{{/* The image, or the sentence that says that there must be one. */}}
{{- define "mendix.image" -}}
{{ required "image.reference is empty: set it to the image to run, with a tag or a digest, such as registry.example.com/mendix:0.1.0" .Values.image.reference }}
{{- end }}

{{/* References to the Secrets with registry credentials. */}}
{{- define "mendix.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/*
Security context of every container, for Pod Security `restricted`. No user, group or fsGroup: the image names its
user, and OpenShift chooses one of its own.
*/}}
{{- define "mendix.container.security" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Node affinity to what the image is built for, merged with an affinity of the user. */}}
{{- define "mendix.affinity" -}}
{{- $expressions := list
  (dict "key" "kubernetes.io/os" "operator" "In" "values" (list "linux"))
  (dict "key" "kubernetes.io/arch" "operator" "In" "values" .root.Values.architectures) }}
{{- $terms := list (dict "matchExpressions" $expressions) }}
{{- $ours := dict "nodeAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms)) }}
{{- mergeOverwrite $ours (deepCopy .affinity) | toYaml }}
{{- end }}

{{/* The toleration that keeps a drain from taking the pod that lets drains finish, and those of the user. */}}
{{- define "mendix.tolerations" -}}
{{- $drained := dict "key" "node.kubernetes.io/unschedulable" "operator" "Exists" "effect" "NoSchedule" }}
{{- prepend .tolerations $drained | toYaml }}
{{- end }}

{{/* Spread over nodes, by preference: one node must do as well. */}}
{{- define "mendix.spread" -}}
{{- if .constraints -}}
{{ .constraints | toYaml }}
{{- else -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- .selector | nindent 6 }}
  matchLabelKeys:
    - pod-template-hash
{{- end }}
{{- end }}

{{/* Metadata of a pod of ours: `root`, `values` of the component, its `selector`. */}}
{{- define "mendix.pod.metadata" -}}
{{- with .values.podAnnotations -}}
annotations: {{- toYaml . | nindent 2 }}
{{ end -}}
labels: {{- merge (.selector | fromYaml) .values.podLabels | toYaml | nindent 2 }}
{{- end }}

{{/* What the pods of all components have in common: `root`, `values` of the component, its `selector`. */}}
{{- define "mendix.pod.spec" -}}
enableServiceLinks: false
{{- with include "mendix.pullSecrets" .root | trim }}
{{ . }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
affinity: {{- include "mendix.affinity" (dict "root" .root "affinity" .values.affinity) | nindent 2 }}
tolerations: {{- include "mendix.tolerations" (dict "tolerations" .values.tolerations) | nindent 2 }}
topologySpreadConstraints:
  {{- include "mendix.spread" (dict "constraints" .values.topologySpreadConstraints "selector" .selector) | nindent 2 }}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
terminationGracePeriodSeconds: 30
{{- end }}

{{/*
Selectors of the namespaces whose pods are under the gate, by the end of their bindings' names, as a JSON object: those
that are managed, and those that say so by their label.
*/}}
{{- define "mendix.gate.namespaces" -}}
{{- $managed := dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" (include "mendix.namespaces" . | fromJson).list }}
{{- $guarded := dict "key" "kubectl-mendix.io/guard" "operator" "In" "values" (list "enabled") }}
{{- dict "managed" $managed "guarded" $guarded | toJson }}
{{- end }}

{{/* Variables of the controller, and of the uninstall that takes its place. */}}
{{- define "mendix.controller.env" -}}
- name: MENDIX_NAMESPACES
  value: {{ (include "mendix.namespaces" . | fromJson).list | join "," | quote }}
- name: MENDIX_IMAGE
  value: {{ include "mendix.image" . | quote }}
- name: MENDIX_IDENTITY
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: MENDIX_LEASE_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.controller.logLevel }}
- name: RUST_LOG
  value: {{ . | quote }}
{{- end }}
{{- with .Values.controller.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of what exists while an uninstall runs; the argument is its place in the order. */}}
{{- define "mendix.uninstall.hook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}

{{/*
Conditions of the policies on births: a pod of an environment, by its label or by a mark that it was copied with. The
pods of tasks run no app. Mirrors of static pods are left alone: they run already, and a gate would only make them
invisible.
*/}}
{{- define "mendix.gate.born" -}}
- name: of-an-environment
  expression: >-
    (has(object.metadata.labels) && 'kubectl-mendix.io/environment' in object.metadata.labels
    && !('kubectl-mendix.io/component' in object.metadata.labels
    && object.metadata.labels['kubectl-mendix.io/component'] in ['provisioner', 'builder', 'puller']))
    || (has(object.metadata.annotations) && 'kubectl-mendix.io/environment' in object.metadata.annotations)
    || (has(object.spec.tolerations) && object.spec.tolerations.exists(toleration, has(toleration.key)
    && toleration.key == 'kubectl-mendix.io/environment'))
- name: not-a-mirror
  expression: "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)"
{{- end }}
