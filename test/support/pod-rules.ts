import type { KubeObject } from './kube-objects.ts'
import type { Container, PodSpec } from './manifests.ts'

/** Volumes that the restricted profile allows. */
const volumeKinds = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/**
 * What a pod has against the restricted profile (https://kubernetes.io/docs/concepts/security/pod-security-standards/),
 * and against two more rules: its root cannot be written, and it has no token of a service account.
 */
export function podFaults(pod: PodSpec): string[] {
  const { securityContext = {} } = pod
  const faults = [
    pod.hostIPC || pod.hostNetwork || pod.hostPID ? 'shares a namespace of the node' : '',
    securityContext.runAsNonRoot !== true ? 'may run as root' : '',
    securityContext.runAsUser === 0 ? 'runs as root' : '',
    securityContext.seccompProfile?.type !== 'RuntimeDefault' ? 'has no seccomp profile' : '',
    securityContext.sysctls ? 'sets sysctls' : '',
    pod.automountServiceAccountToken !== false ? 'has a token' : '',
    ...(pod.volumes ?? []).map(({ name, ...kinds }) =>
      Object.keys(kinds).every((kind) => volumeKinds.includes(kind)) ? '' : `has the volume ${name}`,
    ),
    ...[...pod.containers, ...(pod.initContainers ?? [])].flatMap(containerFaults),
  ]
  return faults.filter((fault) => fault !== '')
}

function containerFaults({ name, securityContext = {}, ports = [] }: Container): string[] {
  const { capabilities } = securityContext
  return [
    securityContext.allowPrivilegeEscalation !== false ? 'may gain privileges' : '',
    securityContext.privileged ? 'is privileged' : '',
    !capabilities?.drop?.includes('ALL') ? 'keeps capabilities' : '',
    capabilities?.add?.some((added) => added !== 'NET_BIND_SERVICE') ? 'adds capabilities' : '',
    securityContext.readOnlyRootFilesystem !== true ? 'can write its root' : '',
    securityContext.runAsNonRoot === false || securityContext.runAsUser === 0 ? 'runs as root' : '',
    ports.some(({ hostPort }) => hostPort !== undefined) ? 'takes a port of the node' : '',
  ].map((fault) => (fault === '' ? '' : `${name} ${fault}`))
}

/** Field names that the kinds of the chart have, as far as it uses them: "name:Type" where a field has fields of its own. */
const fields: Readonly<Record<string, string>> = {
  ConfigMap: 'apiVersion kind metadata:Meta data*',
  Secret: 'apiVersion kind metadata:Meta type data*',
  ServiceAccount: 'apiVersion kind metadata:Meta automountServiceAccountToken',
  PersistentVolumeClaim: 'apiVersion kind metadata:Meta spec:ClaimSpec',
  ClaimSpec: 'accessModes storageClassName resources:Resources',
  Service: 'apiVersion kind metadata:Meta spec:ServiceSpec',
  ServiceSpec: 'type selector* ports:ServicePort',
  ServicePort: 'name port targetPort protocol appProtocol nodePort',
  Ingress: 'apiVersion kind metadata:Meta spec:IngressSpec',
  IngressSpec: 'ingressClassName tls:IngressTls rules:IngressRule',
  IngressTls: 'hosts secretName',
  IngressRule: 'host http:IngressHttp',
  IngressHttp: 'paths:IngressPath',
  IngressPath: 'path pathType backend:IngressBackend',
  IngressBackend: 'service:IngressService',
  IngressService: 'name port:IngressPort',
  IngressPort: 'name number',
  HTTPRoute: 'apiVersion kind metadata:Meta spec:RouteSpec',
  RouteSpec: 'parentRefs:ParentRef hostnames rules:RouteRule',
  ParentRef: 'group kind name namespace sectionName port',
  RouteRule: 'matches:RouteMatch backendRefs:BackendRef',
  RouteMatch: 'path:RoutePath',
  RoutePath: 'type value',
  BackendRef: 'name port',
  NetworkPolicy: 'apiVersion kind metadata:Meta spec:PolicySpec',
  PolicySpec: 'podSelector:Selector policyTypes ingress:PolicyIngress egress:PolicyEgress',
  PolicyIngress: 'ports:PolicyPort from:Peer',
  PolicyEgress: 'ports:PolicyPort to:Peer',
  PolicyPort: 'port protocol endPort',
  Peer: 'podSelector:Selector namespaceSelector:Selector ipBlock:IpBlock',
  IpBlock: 'cidr except',
  PodDisruptionBudget: 'apiVersion kind metadata:Meta spec:BudgetSpec',
  BudgetSpec: 'maxUnavailable minAvailable selector:Selector',
  HorizontalPodAutoscaler: 'apiVersion kind metadata:Meta spec:ScalerSpec',
  ScalerSpec: 'scaleTargetRef:ScaleTarget minReplicas maxReplicas metrics:ScaleMetric',
  ScaleTarget: 'apiVersion kind name',
  ScaleMetric: 'type resource:ScaleResource',
  ScaleResource: 'name target:MetricTarget',
  MetricTarget: 'type averageUtilization',
  ServiceMonitor: 'apiVersion kind metadata:Meta spec:MonitorSpec',
  MonitorSpec: 'selector:Selector endpoints:Endpoint',
  Endpoint: 'port path scheme interval tlsConfig*',
  Deployment: 'apiVersion kind metadata:Meta spec:DeploymentSpec',
  DeploymentSpec: 'replicas revisionHistoryLimit selector:Selector strategy:Strategy template:Template',
  Strategy: 'type rollingUpdate:RollingUpdate',
  RollingUpdate: 'maxSurge maxUnavailable',
  Template: 'metadata:Meta spec:PodSpec',
  Pod: 'apiVersion kind metadata:Meta spec:PodSpec',
  Meta: 'name namespace labels* annotations*',
  Selector: 'matchLabels*',
  PodSpec:
    'serviceAccountName automountServiceAccountToken enableServiceLinks terminationGracePeriodSeconds restartPolicy ' +
    'securityContext:PodSecurity imagePullSecrets:Name containers:Container volumes:Volume nodeSelector* ' +
    'topologySpreadConstraints:Spread tolerations:Toleration affinity* priorityClassName',
  PodSecurity:
    'fsGroup fsGroupChangePolicy runAsNonRoot runAsUser runAsGroup supplementalGroups seccompProfile:Seccomp seLinuxOptions*',
  Seccomp: 'type',
  Name: 'name',
  Spread: 'maxSkew topologyKey whenUnsatisfiable labelSelector:Selector',
  Toleration: 'key operator value effect tolerationSeconds',
  Container:
    'name image imagePullPolicy args securityContext:ContainerSecurity env:Variable envFrom:VariablesFrom ports:Port ' +
    'startupProbe:Probe livenessProbe:Probe readinessProbe:Probe lifecycle:Lifecycle resources:Resources volumeMounts:Mount',
  ContainerSecurity:
    'allowPrivilegeEscalation capabilities:Capabilities privileged readOnlyRootFilesystem runAsNonRoot',
  Capabilities: 'drop',
  Variable: 'name value valueFrom:ValueFrom',
  ValueFrom: 'secretKeyRef:KeyRef',
  KeyRef: 'name key',
  VariablesFrom: 'configMapRef:Name',
  Port: 'name containerPort protocol',
  Probe: 'httpGet:HttpGet exec:Exec timeoutSeconds periodSeconds failureThreshold',
  HttpGet: 'path port scheme',
  Exec: 'command',
  Lifecycle: 'preStop:Handler',
  Handler: 'sleep:Sleep',
  Sleep: 'seconds',
  Resources: 'limits* requests*',
  Mount: 'name mountPath readOnly subPath',
  Volume:
    'name projected:Projected emptyDir:EmptyDir persistentVolumeClaim:Claim configMap:Items secret:Items',
  Projected: 'defaultMode sources:Source',
  Source: 'secret:Items configMap:Items',
  Items: 'name secretName items:Item',
  Item: 'key path',
  EmptyDir: 'sizeLimit medium',
  Claim: 'claimName',
}

/** The groups and versions in which Kubernetes 1.25 to 1.36 serves the kinds. */
const versions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Secret: 'v1',
  ServiceAccount: 'v1',
  PersistentVolumeClaim: 'v1',
  Service: 'v1',
  Pod: 'v1',
  Deployment: 'apps/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
  ServiceMonitor: 'monitoring.coreos.com/v1',
}

/** Where an object is not what the API takes: another version, a field that it would drop, a name that is too long. */
export function objectFaults(object: KubeObject): string[] {
  const { kind = '', apiVersion, metadata } = object
  const name = metadata?.name ?? ''
  return [
    ...(versions[kind] === apiVersion ? [] : [`${kind} is not in ${apiVersion}`]),
    ...(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? [] : [`${kind} has the name "${name}"`]),
    ...Object.entries(metadata?.labels ?? {})
      .filter(([, value]) => !/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/.test(value))
      .map(([label, value]) => `${kind} has the label ${label}: ${value}`),
    ...unknownFields(kind, object, kind),
  ]
}

function unknownFields(type: string, value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => unknownFields(type, item, at))
  if (typeof value !== 'object' || value === null) return [`${at} is ${String(value)}`]
  const known = new Map(
    fields[type]?.split(' ').map((field) => field.split(':') as [string, string | undefined]) ?? [],
  )
  return Object.entries(value).flatMap(([field, inner]) => {
    if (inner === null) return [`${at}.${field} is null`]
    if (known.has(`${field}*`)) return []
    if (!known.has(field)) return [`${at}.${field} is no field`]
    const own = known.get(field)
    if (own !== undefined) return unknownFields(own, inner, `${at}.${field}`)
    return typeof inner === 'object' && !Array.isArray(inner) ? [`${at}.${field} has fields`] : []
  })
}
