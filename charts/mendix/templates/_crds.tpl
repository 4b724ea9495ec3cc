{{/*
Number of this chart's version, for comparing: 1.2.3 is 1002003. Pre-release suffixes do not count.
*/}}
{{- define "mendix.crds.revision" -}}
{{- $version := semver .Chart.Version -}}
{{ add (mul $version.Major 1000000) (mul $version.Minor 1000) $version.Patch }}
{{- end }}

{{/*
Ends rendering when the definition in the cluster may not be overwritten. Definitions are shared by every namespace,
so a wrong one breaks the apps of everybody. `existing` is empty without a cluster (`helm template`).
*/}}
{{- define "mendix.crds.guard" -}}
{{- if .existing }}
{{- $metadata := .existing.metadata }}
{{- $annotations := $metadata.annotations | default dict }}
{{- $ours := eq (get ($metadata.labels | default dict) "kubectl-mendix.io/managed") "true" }}
{{- $release := printf "%s/%s" (get $annotations "meta.helm.sh/release-namespace") (get $annotations "meta.helm.sh/release-name") }}
{{- $here := printf "%s/%s" .root.Release.Namespace .root.Release.Name }}
{{- $found := get $annotations "kubectl-mendix.io/crd-revision" | default "0" | int64 }}
{{- if and $ours (gt $found (include "mendix.crds.revision" .root | int64)) }}
{{- fail (printf "CustomResourceDefinition %s is newer (%s) than this chart (mendix-%s) and is never downgraded: install a newer chart, or keep the definition with crds.install=false" $metadata.name (get $metadata.labels "helm.sh/chart") .root.Chart.Version) }}
{{- end }}
{{- if not .root.Values.crds.adopt }}
{{- if not $ours }}
{{- fail (printf "CustomResourceDefinition %s is there already and is not of this chart: keep it as it is with crds.install=false, or replace it with crds.adopt=true and --take-ownership --force-conflicts, which also changes it for the product that installed it" $metadata.name) }}
{{- end }}
{{- if ne $release $here }}
{{- fail (printf "CustomResourceDefinition %s belongs to release %s: let that release keep it with crds.install=false, or move it here with crds.adopt=true and --take-ownership" $metadata.name $release) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
