{{/* The variables of Chartroom, as YAML: what is no secret. */}}
{{- define "chartroom.settings" -}}
{{- $v := .Values -}}
{{- $env := dict "PORT" $v.containerPort "LISTEN_HOST" "0.0.0.0" "CONTEXT_PATH" $v.contextPath -}}
{{- $_ := set $env "PUBLIC_URL" (include "chartroom.publicUrl" .) -}}
{{- if $v.metrics.enabled }}{{ $_ := set $env "ENABLE_METRICS" "true" }}{{ end -}}
{{- $_ := merge $env (include "chartroom.storageSettings" . | fromYaml) -}}
{{- $_ := merge $env (include "chartroom.authSettings" . | fromYaml) -}}
{{- if $v.tls.existingSecret -}}
{{- $_ := set $env "TLS_CERT" "/etc/chartroom/tls/tls.crt" -}}
{{- $_ := set $env "TLS_KEY" "/etc/chartroom/tls/tls.key" -}}
{{- end -}}
{{- if $v.tls.clientCa.existingSecret }}{{ $_ := set $env "TLS_CA_CERT" "/etc/chartroom/tls/client-ca.crt" }}{{ end -}}
{{- $_ := set $env "UI_SECRET_FILE" "/etc/chartroom/ui-secret" -}}
{{- $all := merge $env $v.settings -}}
{{- range $name := keys $all | sortAlpha }}
{{- $value := get $all $name }}
{{- /* Helm reads numbers as floats: 20971520 would be written 2.097152e+07. */}}
{{- if kindIs "float64" $value }}{{ $value = int64 $value }}{{ end }}
{{- if ne (toString $value) "" }}
{{ $name }}: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "chartroom.storageSettings" -}}
{{- $s := .Values.storage -}}
{{- $start := printf "STORAGE_%s" (upper $s.type) -}}
STORAGE: {{ $s.type }}
{{- if eq $s.type "local" }}
STORAGE_LOCAL_ROOTDIR: /charts
{{- else }}
{{ $start }}_PREFIX: {{ $s.prefix | quote }}
{{- end }}
{{- if has $s.type (list "minio" "amazon" "google" "alibaba" "tencent" "baidu") }}
{{ $start }}_BUCKET: {{ $s.bucket | quote }}
{{- end }}
{{- if has $s.type (list "minio" "amazon" "alibaba" "tencent" "baidu" "etcd") }}
{{ $start }}_ENDPOINT: {{ $s.endpoint | quote }}
{{- end }}
{{- if has $s.type (list "minio" "amazon") }}
{{ $start }}_REGION: {{ $s.region | quote }}
{{- end }}
{{- if eq $s.type "microsoft" }}
STORAGE_MICROSOFT_CONTAINER: {{ $s.bucket | quote }}
AZURE_STORAGE_ACCOUNT: {{ $s.account | quote }}
{{- end }}
{{- if $s.existingSecret }}
{{- range $key, $name := include "chartroom.storageKeys" . | fromYaml }}
{{ $name }}: /etc/chartroom/storage/{{ $key }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The keys of storage.existingSecret, each with the variable that names its file. */}}
{{- define "chartroom.storageKeys" -}}
{{- $pairs := dict
  "minio" (list "STORAGE_MINIO_ACCESS_KEY_FILE" "STORAGE_MINIO_SECRET_KEY_FILE")
  "amazon" (list "AWS_ACCESS_KEY_ID_FILE" "AWS_SECRET_ACCESS_KEY_FILE")
  "alibaba" (list "ALIBABA_CLOUD_ACCESS_KEY_ID_FILE" "ALIBABA_CLOUD_ACCESS_KEY_SECRET_FILE")
  "tencent" (list "TENCENT_CLOUD_COS_SECRET_ID_FILE" "TENCENT_CLOUD_COS_SECRET_KEY_FILE")
  "baidu" (list "BAIDU_CLOUD_ACCESS_KEY_ID_FILE" "BAIDU_CLOUD_ACCESS_KEY_SECRET_FILE") -}}
{{- $type := .Values.storage.type -}}
{{- with get $pairs $type }}
access-key: {{ index . 0 }}
secret-key: {{ index . 1 }}
{{- end }}
{{- if eq $type "google" }}
credentials.json: GOOGLE_APPLICATION_CREDENTIALS
{{- else if eq $type "microsoft" }}
access-key: AZURE_STORAGE_ACCESS_KEY_FILE
{{- else if eq $type "etcd" }}
ca.crt: STORAGE_ETCD_CAFILE
tls.crt: STORAGE_ETCD_CERTFILE
tls.key: STORAGE_ETCD_KEYFILE
{{- end }}
{{- end -}}

{{- define "chartroom.authSettings" -}}
{{- with .Values.auth -}}
AUTH_ANONYMOUS_GET: {{ .anonymousGet | toString | quote }}
{{- if include "chartroom.pair" $ }}
BASIC_AUTH_USER: {{ .user | quote }}
BASIC_AUTH_PASS_FILE: /etc/chartroom/password
{{- end }}
{{- if include "chartroom.htpasswd" $ }}
BASIC_AUTH_HTPASSWD: /etc/chartroom/htpasswd
READ_ONLY_USERS: {{ join "," .readOnlyUsers | quote }}
{{- end }}
{{- if .bearer.enabled }}
BEARER_AUTH: "true"
AUTH_REALM: {{ .bearer.realm | quote }}
AUTH_SERVICE: {{ .bearer.service | quote }}
AUTH_CERT_PATH: /etc/chartroom/bearer.pem
AUTH_ACTIONS_SEARCH_PATH: {{ .bearer.actionsSearchPath | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The sources of /etc/chartroom: one volume, so that whatever is renewed in it is swapped whole. */}}
{{- define "chartroom.files" -}}
{{- $own := include "chartroom.fullname" . -}}
{{- $v := .Values -}}
- secret:
    name: {{ $own }}
    items:
      - key: ui-secret
        path: ui-secret
      {{- if and (include "chartroom.pair" .) (not $v.auth.existingSecret) }}
      - key: password
        path: password
      {{- end }}
      {{- if and (include "chartroom.htpasswd" .) $v.auth.htpasswd.users }}
      - key: htpasswd
        path: htpasswd
      {{- end }}
{{- if and (include "chartroom.pair" .) $v.auth.existingSecret }}
{{ include "chartroom.file" (list $v.auth.existingSecret "password" "password") }}
{{- end }}
{{- if and (include "chartroom.htpasswd" .) $v.auth.htpasswd.existingSecret }}
{{ include "chartroom.file" (list $v.auth.htpasswd.existingSecret $v.auth.htpasswd.key "htpasswd") }}
{{- end }}
{{- if $v.auth.bearer.enabled }}
- configMap:
    name: {{ $own }}-bearer
    items:
      - key: bearer.pem
        path: bearer.pem
{{- end }}
{{- with $v.tls.existingSecret }}
{{ include "chartroom.file" (list . "tls.crt" "tls/tls.crt") }}
{{ include "chartroom.file" (list . "tls.key" "tls/tls.key") }}
{{- end }}
{{- with $v.tls.clientCa }}
{{- if .existingSecret }}
{{ include "chartroom.file" (list .existingSecret .key "tls/client-ca.crt") }}
{{- end }}
{{- end }}
{{- with $v.storage.existingSecret }}
{{- range $key, $_ := include "chartroom.storageKeys" $ | fromYaml }}
{{ include "chartroom.file" (list $v.storage.existingSecret $key (printf "storage/%s" $key)) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "chartroom.file" -}}
- secret:
    name: {{ index . 0 }}
    items:
      - key: {{ index . 1 }}
        path: {{ index . 2 }}
{{- end -}}
