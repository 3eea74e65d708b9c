{{/* What the pods of the server and of the test have in common. */}}
{{- define "chartroom.podSecurity" -}}
{{- $given := dict -}}
{{- range $name, $value := .Values.podSecurityContext -}}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $given $name $value }}{{ end -}}
{{- end -}}
{{- if not (hasKey $given "fsGroup") }}{{ $given = omit $given "fsGroupChangePolicy" }}{{ end -}}
{{- if not $given.supplementalGroups }}{{ $given = omit $given "supplementalGroups" }}{{ end -}}
{{- $fixed := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- toYaml (merge $fixed $given) -}}
{{- end -}}

{{- define "chartroom.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end -}}

{{- define "chartroom.env" -}}
envFrom:
  - configMapRef:
      name: {{ include "chartroom.fullname" . }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "chartroom.filesVolume" -}}
- name: files
  projected:
    # Readable for any user that the cluster gives to the process; nobody else is in the pod.
    defaultMode: 0444
    sources:
      {{- include "chartroom.files" . | nindent 6 }}
{{- end -}}

{{/* Kubelets have no client certificate: where one is asked for, the program asks itself. */}}
{{- define "chartroom.probe" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.tls.clientCa.existingSecret -}}
exec:
  command:
    - /chartroom
    - health
{{- else -}}
httpGet:
  path: {{ index . 1 }}
  port: http
  scheme: {{ include "chartroom.scheme" $root | upper }}
{{- end }}
timeoutSeconds: 5
{{- end -}}
