import type { Bandwidth } from '../bandwidth.ts'

/** How requests of one repository travel. */
export interface HttpOptions {
  /** More certificate authorities to trust: PEM. */
  readonly ca?: string
  /** PEM with certificate and private key, for servers that ask for one. */
  readonly clientCertificate?: string
  /** Accept any certificate: for tests of servers, never for data. */
  readonly insecureTls?: boolean
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY as in the environment; Node's agents understand them (`proxyEnv`). */
  readonly proxyEnvironment?: Readonly<Record<string, string>>
  /** Requests at the same time; more wait in line. */
  readonly connections: number
  /** A request without any progress for so long is given up, as trouble that may pass; 5 minutes. */
  readonly stuckAfterMs?: number
  readonly bandwidth?: Bandwidth
}

export const STUCK_AFTER_MS = 5 * 60_000
