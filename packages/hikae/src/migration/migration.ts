import type { DockerEngine } from '../docker/engine.ts'
import type { Finding } from '../sources/finding.ts'

/** What is to be moved, as somebody asked for it. */
export interface MigrationRequest {
  readonly what:
    | {
        readonly kind: 'project'
        readonly name: string
        /** Where its files go on the other host; to the same folder when absent. */
        readonly folder?: string
      }
    | { readonly kind: 'volumes'; readonly names: readonly string[] }
  /** What becomes of the source when the other side is well. */
  readonly source: SourceFate
}

/** It runs on as before; it stays stopped; it is removed. */
export type SourceFate = 'runs' | 'stopped' | 'removed'

/** The two sides. */
export interface Engines {
  readonly from: DockerEngine
  readonly to: DockerEngine
}

/** How far a migration is. */
export interface MigrationProgress {
  /** `the volume shop_db, while it is in use` */
  readonly doing: string
  /** Of content, read and sent so far. */
  readonly bytes: number
}

/** On all that a migration makes on the other side: its id. */
export const MIGRATION_LABEL = 'hikae.migration'

export interface MigrationReport {
  readonly volumes: readonly string[]
  readonly images: readonly string[]
  readonly networks: readonly string[]
  /** Names of containers that were made. */
  readonly containers: readonly string[]
  /** Of content, read and sent. */
  readonly bytes: number
  /** How long the source's containers stood still, up to the end when they stay so. */
  readonly stoppedSeconds: number
  /** From stopping the source until the other side was well; absent where nothing was started. */
  readonly cutOverSeconds?: number
  /** Names of the source's containers that stand still now. */
  readonly stopped: readonly string[]
  readonly findings: readonly Finding[]
}
