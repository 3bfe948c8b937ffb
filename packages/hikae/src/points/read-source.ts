import type { BackupEnd, BackupOptions, BackupReport, BackupTarget, StoredSnapshot } from '@hikae/engine'
import { ownIdentity } from '../identity.ts'
import type { Finding } from '../sources/finding.ts'
import type { OpenSource, SourceReading } from '../sources/source-kind.ts'
import { encodeManifest, type Manifest } from './manifest.ts'
import { type StackFile, stackFolder } from './stack-files.ts'
import { withManifest } from './with-manifest.ts'

/** Which source this is, and of which run. */
export type PointOrigin = Omit<Manifest, 'version' | 'time' | 'facts'>

/** How much a source holds, without what we put beside it. */
export interface SourceSize {
  readonly files: number
  readonly bytes: number
}

/** A source right after it was read, and how large it was the last time that it was good, if there was one. */
export interface JudgedReading {
  readonly reading: SourceReading
  readonly size: SourceSize
  readonly previous?: SourceSize
}

export interface ReadSourceOptions extends Partial<Omit<BackupOptions, 'tagsAtEnd'>> {
  /** Stored with the source, so that a bare machine can begin from any of its snapshots. */
  readonly stackFiles?: readonly StackFile[]
  /** What is wrong with the reading besides what the source itself says; asked before the snapshot is made. */
  readonly judge?: (judged: JudgedReading) => readonly Finding[]
}

/** How reading a source into repositories went. */
export interface SourceReport {
  readonly backup: BackupReport
  /** What the source says of itself, and how much it is; absent when the backup did not come so far. */
  readonly reading?: SourceReading
  readonly size?: SourceSize
  /** All that makes it less than what was promised, but for files that could not be read. */
  readonly findings: readonly Finding[]
}

/** On a snapshot from which something is missing; retention does not take it for the last good one. */
export const INCOMPLETE_TAG = 'incomplete'

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
  { stackFiles = [], judge = () => [], ...options }: ReadSourceOptions = {},
): Promise<SourceReport> {
  const { backUp } = await import('@hikae/engine')
  const timeNs = options.time ?? BigInt(Date.now()) * 1_000_000n
  const time = new Date(Number(timeNs / 1_000_000n)).toISOString()
  let reading: SourceReading | undefined
  const own = { files: 0, bytes: 0 }
  const counted = (file: Buffer): Buffer => {
    own.files++
    own.bytes += file.length
    return file
  }
  const root = withManifest(source.root, stackFiles.length > 0 ? [stackFolder(stackFiles, counted)] : [], async () => {
    reading = await source.finish()
    return counted(encodeManifest({ version: 1, ...origin, time, facts: { ...reading.facts } }))
  })
  const found = await Promise.all(targets.map((target) => withParent(target, origin)))
  const previous = found.map(({ lastGood }) => lastGood?.summary).find((summary) => summary !== undefined)
  let findings: readonly Finding[] | undefined
  const judgeOnce = ({ summary }: BackupEnd): readonly Finding[] => {
    if (!reading) return []
    findings ??= [
      ...reading.findings,
      ...judge({ reading, size: sizeOf(summary, own), ...(previous && { previous: sizeOf(previous, own) }) }),
    ]
    return findings
  }
  const backup = await backUp(
    root,
    found.map(({ target }) => target),
    {
      ...ownIdentity(),
      tags: [...tagsOf(origin), `run=${origin.run}`],
      paths: source.paths,
      excludes: source.excludes ?? [],
      programVersion: `hikae ${origin.program}`,
      ...source.unchanged,
      ...options,
      time: timeNs,
      tagsAtEnd: (end) => (end.unreadable.length + judgeOnce(end).length > 0 ? [INCOMPLETE_TAG] : []),
    },
  )
  const size = sizeOf(backup.repositories[0]!.summary, own)
  return { backup, findings: findings ?? [], ...(reading ? { reading, size } : {}) }
}

/** By these a source's snapshots are found again, whatever else a repository holds. */
export function tagsOf({ stack, job, source, kind }: Omit<PointOrigin, 'run' | 'program'>): string[] {
  return ['hikae', `stack=${stack}`, `job=${job}`, `source=${source}`, `kind=${kind}`]
}

interface TargetWithParent {
  readonly target: BackupTarget
  /** What a new one is compared with: one that was not good is no measure; the last of those, where there is no other. */
  readonly lastGood: StoredSnapshot | undefined
}

/** The source's last snapshot by any job is its parent; what cannot be read is none. */
async function withParent(target: BackupTarget, { stack, source, kind }: PointOrigin): Promise<TargetWithParent> {
  const snapshots = target.snapshots ?? (await target.repository.snapshots(target.signal, () => undefined))
  const wanted = [`stack=${stack}`, `source=${source}`, `kind=${kind}`]
  const own = snapshots.filter(({ tags = [] }) => wanted.every((tag) => tags.includes(tag)))
  const parent = newestOf(own)
  const lastGood = newestOf(own.filter(({ tags = [] }) => !tags.includes(INCOMPLETE_TAG))) ?? parent
  return { target: { ...target, snapshots, ...(parent ? { parent: parent.id } : {}) }, lastGood }
}

function newestOf(snapshots: readonly StoredSnapshot[]): StoredSnapshot | undefined {
  return snapshots.reduce<StoredSnapshot | undefined>(
    (last, snapshot) => (last && Date.parse(last.time) > Date.parse(snapshot.time) ? last : snapshot),
    undefined,
  )
}

/** @param own what is ours in it; about the same in every run */
function sizeOf({ totalFilesProcessed, totalBytesProcessed }: BackupEnd['summary'], own: SourceSize): SourceSize {
  return { files: Math.max(0, totalFilesProcessed - own.files), bytes: Math.max(0, totalBytesProcessed - own.bytes) }
}
