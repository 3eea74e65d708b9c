{{/* What does not go together, as sentences: all of them at once. */}}
{{- define "chartroom.mistakes" -}}
{{- $v := .Values -}}
{{- $s := $v.storage -}}
{{- if and (eq $s.type "local") (include "chartroom.several" .) }}
storage.type local keeps charts in a volume of one server: set replicaCount to 1 and autoscaling.enabled to false, or name a store that several servers can share, such as storage.type minio
{{- end }}
{{- if and (not (has $s.type (list "local" "etcd"))) (not $s.bucket) }}
storage.type {{ $s.type }} needs storage.bucket
{{- end }}
{{- if and (has $s.type (list "minio" "etcd")) (not $s.endpoint) }}
storage.type {{ $s.type }} needs storage.endpoint
{{- end }}
{{- if and (eq $s.type "etcd") (not $s.prefix) }}
storage.type etcd needs storage.prefix
{{- end }}
{{- if and (eq $s.type "microsoft") (not $s.account) }}
storage.type microsoft needs storage.account
{{- end }}
{{- if and (has $s.type (list "minio" "alibaba" "tencent" "baidu")) (not $s.existingSecret) }}
storage.type {{ $s.type }} needs storage.existingSecret with access-key and secret-key
{{- end }}
{{- with $v.auth }}
{{- if and .open (or .password .existingSecret .htpasswd.users .htpasswd.existingSecret .bearer.enabled) }}
auth.open lets everybody in, and other settings of auth ask for credentials: keep one
{{- end }}
{{- if and .password .existingSecret }}
auth.password and auth.existingSecret are both the password: keep one
{{- end }}
{{- if and .htpasswd.users .htpasswd.existingSecret }}
auth.htpasswd.users and auth.htpasswd.existingSecret are both the file of users: keep one
{{- end }}
{{- if and .bearer.enabled (not (and .bearer.realm .bearer.service .bearer.publicKey)) }}
auth.bearer needs realm, service and publicKey
{{- end }}
{{- if not (or .open .bearer.enabled .user .htpasswd.users .htpasswd.existingSecret) }}
auth has no user at all: set auth.user or auth.htpasswd, or auth.open for a registry without credentials
{{- end }}
{{- if and .readOnlyUsers (not (include "chartroom.htpasswd" $)) }}
auth.readOnlyUsers are users of auth.htpasswd, which is not set
{{- end }}
{{- end }}
{{- if and $v.tls.clientCa.existingSecret (not $v.tls.existingSecret) }}
tls.clientCa needs tls.existingSecret: client certificates are part of HTTPS
{{- end }}
{{- if lt (int $v.terminationGracePeriodSeconds) (add $v.preStopSeconds 10 | int) }}
terminationGracePeriodSeconds must be at least preStopSeconds and 10 more: running requests would be cut off
{{- end }}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}
ingress.enabled needs ingress.hosts
{{- end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}
httpRoute.enabled needs httpRoute.parentRefs
{{- end }}
{{- if and $v.metrics.serviceMonitor.enabled (not $v.metrics.enabled) }}
metrics.serviceMonitor.enabled needs metrics.enabled
{{- end }}
{{- end -}}

{{- define "chartroom.check" -}}
{{- with include "chartroom.mistakes" . | trim -}}
{{- fail (printf "\n\n%s\n" .) -}}
{{- end -}}
{{- end -}}
