import { flags, optionOf, variableOf } from '../src/config/options.ts'

/** Variables that values of the chart with names of their own stand for, or that make no sense in a pod. */
const chartOwn =
  /^(CONFIG|PORT|LISTEN_HOST|CONTEXT_PATH|PUBLIC_URL|ENABLE_METRICS|GEN_INDEX|READ_ONLY_USERS|BEARER_AUTH|STORAGE)$|^(AUTH_|BASIC_AUTH_|TLS_|STORAGE_LOCAL_)|^STORAGE_[A-Z]+_(BUCKET|CONTAINER|PREFIX|ENDPOINT|ACCESS_KEY)$|^STORAGE_(MINIO|AMAZON)_REGION$|^STORAGE_ETCD_|_FILE$/
/** Accepted from old configurations only. */
const retired = /^(CACHE|CACHE_REDIS_.+|STORAGE_(ORACLE|OPENSTACK)_.+)$/
/** Ends in _FILE, and is a setting of its own: a file that the pod mounts by extraVolumes. */
const files: ReadonlySet<string> = new Set(['STORAGE_MINIO_CA_FILE'])

/** The variables that the chart's value `settings` takes, in order: no secret, nothing that the chart sets itself. */
export function chartSettings(): string[] {
  return flags
    .filter((flag) => {
      const { secret, noEffect, deprecated } = optionOf(flag)
      return !secret && noEffect === undefined && deprecated === undefined
    })
    .map(variableOf)
    .filter((variable) => files.has(variable) || !chartOwn.test(variable))
    .filter((variable) => !retired.test(variable))
    .sort()
}
