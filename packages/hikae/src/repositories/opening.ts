import type { Bandwidth } from '@hikae/engine'
import type { DiskAccess } from '../disks/guard.ts'
import type { BackendSettings } from './backend-settings.ts'

/** How the storage of a repository is to be opened. */
export interface StorageOptions {
  readonly settings: BackendSettings
  /** What is about to be done there: a disk may do for one thing and not for another. */
  readonly access: DiskAccess
  /** How long a connection on which nothing moves is waited for; the backend's own time by default. */
  readonly stuckAfterMs?: number
  readonly signal: AbortSignal
}

/** With what all connections of a repository share. */
export interface Opening extends StorageOptions {
  readonly bandwidth: Bandwidth
}
