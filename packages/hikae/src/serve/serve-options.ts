import type { AccessRules } from './access.ts'
import type { ListenAddress } from './listen-address.ts'
import type { TlsFiles } from './tls.ts'

export interface ServeOptions extends AccessRules {
  /** The folder in which repositories lie. */
  readonly path: string
  readonly listen: ListenAddress
  /** Absent when everybody who can connect may do everything. */
  readonly htpasswdFile?: string
  readonly tls?: TlsFiles
  /** What all repositories together may hold; as much as fits by default. */
  readonly maxBytes?: number
  readonly prometheus: 'off' | 'for-users' | 'for-everybody'
  readonly verifyUploads: boolean
  readonly groupAccess: boolean
  /** Requests are written there, in Apache's combined format. */
  readonly log?: { readonly file: string } | { readonly write: (line: string) => void }
  /** Told about trouble that the server survives: one line each. */
  readonly onProblem: (problem: string) => void
}
