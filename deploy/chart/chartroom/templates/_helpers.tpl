{{/* Names: 50 characters leave room for what is put behind them; 63 is the most that Kubernetes takes. */}}
{{- define "chartroom.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "chartroom.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "chartroom.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "chartroom.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "chartroom.identity" -}}
app.kubernetes.io/name: {{ include "chartroom.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The pods of the server, and not that of `helm test`. */}}
{{- define "chartroom.selector" -}}
{{ include "chartroom.identity" . }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "chartroom.labels" -}}
{{ include "chartroom.identity" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Name, labels and annotations of an object: list of the root, what is put behind the name, further annotations. */}}
{{- define "chartroom.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "chartroom.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "chartroom.labels" $root | nindent 2 }}
{{- with merge (dict) (index . 2) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "chartroom.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" where more than one server may run. */}}
{{- define "chartroom.several" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) -}}true{{- end -}}
{{- end -}}

{{- define "chartroom.scheme" -}}
{{- if .Values.tls.existingSecret -}}https{{- else -}}http{{- end -}}
{{- end -}}

{{- define "chartroom.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{- .Values.publicUrl -}}
{{- else if and .Values.ingress.enabled .Values.ingress.hosts -}}
{{- ternary "https" "http" (not (empty .Values.ingress.tls)) }}://{{ first .Values.ingress.hosts }}
{{- end -}}
{{- end -}}

{{/* "true" where the one pair of basic auth is used. */}}
{{- define "chartroom.pair" -}}
{{- if and .Values.auth.user (not .Values.auth.open) (not .Values.auth.bearer.enabled) -}}true{{- end -}}
{{- end -}}

{{- define "chartroom.htpasswd" -}}
{{- with .Values.auth -}}
{{- if and (or .htpasswd.users .htpasswd.existingSecret) (not .open) (not .bearer.enabled) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* What stands in the chart's own secret for a key: what is given, or what is there already, or a new one. */}}
{{- define "chartroom.kept" -}}
{{- $root := index . 0 -}}
{{- $there := lookup "v1" "Secret" $root.Release.Namespace (include "chartroom.fullname" $root) -}}
{{- $before := dig "data" (index . 1) "" (default (dict) $there) -}}
{{- if index . 2 -}}
{{- index . 2 | b64enc -}}
{{- else if $before -}}
{{- $before -}}
{{- else -}}
{{- randAlphaNum 32 | b64enc -}}
{{- end -}}
{{- end -}}
