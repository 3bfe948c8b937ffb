import type { BackupOptions, BackupReport, BackupTarget, StoredSnapshot } from '@hikae/engine'
import { ownIdentity } from '../identity.ts'
import type { OpenSource, SourceReading } from '../sources/source-kind.ts'
import type { Manifest } from './manifest.ts'
import { withManifest } from './with-manifest.ts'

/** Which source this is, and of which run. */
export type PointOrigin = Omit<Manifest, 'version' | 'time' | 'facts'>

/** How reading a source into repositories went. */
export interface SourceReport {
  readonly backup: BackupReport
  /** What the source says of itself; absent when the backup did not come so far. */
  readonly reading?: SourceReading
}

/**
 * Reads an open source into repositories, once for all of them, with its manifest and the tags that say whose it is.
 *
 * @param options what is special about this run
 * @throws what reading the source throws: no repository has a snapshot of it then
 */
export async function readSource(
  source: OpenSource,
  origin: PointOrigin,
  targets: readonly BackupTarget[],
  options: Partial<BackupOptions> = {},
): Promise<SourceReport> {
  const { backUp } = await import('@hikae/engine')
  const time = new Date().toISOString()
  let reading: SourceReading | undefined
  const root = withManifest(source.root, async () => {
    reading = await source.finish()
    return { version: 1, ...origin, time, facts: { ...reading.facts } }
  })
  const backup = await backUp(root, await Promise.all(targets.map((target) => withParent(target, origin))), {
    ...ownIdentity(),
    tags: [...tagsOf(origin), `run=${origin.run}`],
    paths: source.paths,
    excludes: source.excludes ?? [],
    programVersion: `hikae ${origin.program}`,
    ...source.unchanged,
    ...options,
  })
  return { backup, ...(reading ? { reading } : {}) }
}

/** By these a source's snapshots are found again, whatever else a repository holds. */
export function tagsOf({ stack, job, source, kind }: Omit<PointOrigin, 'run' | 'program'>): string[] {
  return ['hikae', `stack=${stack}`, `job=${job}`, `source=${source}`, `kind=${kind}`]
}

/** The source's last snapshot by any job; what cannot be read is no parent. */
async function withParent(target: BackupTarget, { stack, source, kind }: PointOrigin): Promise<BackupTarget> {
  const snapshots = target.snapshots ?? (await target.repository.snapshots(target.signal, () => undefined))
  const wanted = [`stack=${stack}`, `source=${source}`, `kind=${kind}`]
  const newest = snapshots
    .filter(({ tags = [] }) => wanted.every((tag) => tags.includes(tag)))
    .reduce<StoredSnapshot | undefined>(
      (last, snapshot) => (last && Date.parse(last.time) > Date.parse(snapshot.time) ? last : snapshot),
      undefined,
    )
  return { ...target, snapshots, ...(newest ? { parent: newest.id } : {}) }
}
