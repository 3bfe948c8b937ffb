import type { Environment } from '../../environment.ts'
import { withoutUndefined } from '../../without-undefined.ts'

/** A server that sends nothing at all for so long is given up. */
export const STALL_SECONDS = 60

/** Of ours, what git and ssh need: where programs and certificates are, how to reach the network, which keys are open. */
const INHERITED = [
  ...['PATH', 'HOME', 'TMPDIR', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'GIT_EXEC_PATH'],
  ...['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
]

/**
 * No collection of garbage, because old objects are still referred to; no hooks; and a fetch leaves packs, not thousands of
 * files. Memory does not grow with the size of a file. Objects are examined after a fetch: a server's old sins (a zero in a file mode) are no reason to save nothing.
 */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['fetch.unpackLimit', '1'],
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.logAllRefUpdates', 'false'],
  ['core.quotePath', 'false'],
  ['safe.directory', '*'],
  ['credential.helper', ''],
  ['core.bigFileThreshold', '64m'],
  ['pack.windowMemory', '128m'],
  ['pack.deltaCacheSize', '64m'],
  ['http.lowSpeedLimit', '1'],
]

export type GitEnvironment = Readonly<Record<string, string>>

export interface GitAccess {
  /** What may be spoken with the other side: `https`, `ssh`, `file`; nothing unless told. */
  readonly protocols?: readonly string[]
  readonly settings?: readonly (readonly [string, string])[]
  /** Further variables, which may be secret. */
  readonly variables?: Readonly<Record<string, string>>
  readonly stallSeconds?: number
}

/**
 * The environment of git: nobody's configuration, no questions, no hooks, no transports but the ones named. Settings are
 * variables, so that nothing of them is in a file or on a command line.
 */
export function gitEnvironment(env: Environment, access: GitAccess = {}): GitEnvironment {
  const { protocols = [], settings = [], variables = {}, stallSeconds = STALL_SECONDS } = access
  const inherited = Object.fromEntries(INHERITED.map((name) => [name, env[name]]))
  return {
    ...withoutUndefined(inherited),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ALLOW_PROTOCOL: protocols.length === 0 ? 'none' : protocols.join(':'),
    ...counted([...SETTINGS, ['http.lowSpeedTime', String(stallSeconds)], ...settings]),
    ...variables,
  }
}

function counted(settings: readonly (readonly [string, string])[]): GitEnvironment {
  const pairs = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ])
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(settings.length) }
}
