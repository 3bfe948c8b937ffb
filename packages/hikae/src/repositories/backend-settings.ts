import type { BandwidthLimits } from '@hikae/engine'
import type { Environment } from '../environment.ts'
import type { ExtendedOption } from './extended-options.ts'

/** What holds for every repository of a call, besides where it lies. */
export interface BackendSettings {
  /** Files with more certificate authorities to trust. */
  readonly caFiles: readonly string[]
  /** A file with a certificate and its private key, for servers that ask for one. */
  readonly clientCertificateFile?: string
  readonly insecureTls: boolean
  readonly limits: BandwidthLimits
  readonly extended: readonly ExtendedOption[]
  readonly env: Environment
}
