import type { DockerEngine } from '../../docker/engine.ts'
import type { DiskUsage, SpaceUse } from '../../docker/housekeeping/disk-usage.ts'
import { isAnonymous } from '../../sources/docker-volumes/volume.ts'
import { formatAge } from '../output/age.ts'
import { formatBytesRoughly, formatCount, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { type Column, tableLines } from '../output/table.ts'
import type { ReachedRepository } from '../survey/survey.ts'
import { latestProof, type VolumeProof } from './volume-proof.ts'
import type { VolumeBackup, VolumeBackups } from './volume-backups.ts'
import type { VolumeUse } from './volume-uses.ts'

export interface MeasuredVolume extends VolumeUse {
  /** Absent where the engine does not know. */
  readonly bytes?: number
  /** Absent without a stack file. */
  readonly backups?: VolumeBackups<ReachedRepository>
}

export interface EngineUsage {
  readonly engine: Pick<DockerEngine, 'address' | 'version'>
  readonly usage: DiskUsage
  readonly volumes: readonly MeasuredVolume[]
}

/** @param nowMs the time that ages are told from */
export function printUsage({ engine, usage, volumes }: EngineUsage, out: Output, nowMs: number): void {
  if (out.json) return out.document(usageJson({ engine, usage, volumes }, nowMs))
  for (const line of tableLines(SPACE_COLUMNS, spaces(usage))) out.line(line)
  out.line()
  if (volumes.length === 0) return out.line('there are no volumes')
  const columns = volumeColumns(nowMs).filter(({ isShown }) => isShown(volumes))
  for (const line of tableLines(columns, volumes.toSorted(largestFirst))) out.line(line)
  const dangling = volumes.filter(isDangling)
  if (dangling.length === 0) return
  const isAre = dangling.length === 1 ? 'is' : 'are'
  out.note(
    `${formatQuantity(dangling.length, 'volume')} ${isAre} used by no container: see what of that is saved and can go`,
  )
  out.note('with `hikae docker prune-volumes --dry-run`')
}

interface Space extends SpaceUse {
  readonly name: string
  readonly json: string
}

function spaces({ images, containers, volumes, buildCache }: DiskUsage): Space[] {
  return [
    { name: 'images', json: 'images', ...images },
    { name: 'containers, without volumes', json: 'containers', ...containers },
    { name: 'volumes', json: 'volumes', ...volumes },
    { name: 'build cache', json: 'build_cache', ...buildCache },
  ]
}

const SPACE_COLUMNS: readonly Column<Space>[] = [
  { heading: 'What', cell: ({ name }) => name },
  { heading: 'Number', align: 'right', cell: ({ count }) => formatCount(count) },
  { heading: 'In use', align: 'right', cell: ({ inUse }) => formatCount(inUse) },
  {
    heading: 'Size',
    align: 'right',
    cell: ({ bytes, unknown }) => sizeText(bytes) + (unknown > 0 && bytes !== undefined ? `, ${unknown} unknown` : ''),
  },
  { heading: 'Could be freed', align: 'right', cell: ({ freeableBytes }) => sizeText(freeableBytes) },
]

interface VolumeColumn extends Column<MeasuredVolume> {
  readonly isShown: (volumes: readonly MeasuredVolume[]) => boolean
}

function volumeColumns(nowMs: number): readonly VolumeColumn[] {
  const always = (): boolean => true
  const isSavedKnown = (volumes: readonly MeasuredVolume[]): boolean => volumes.some(({ backups }) => backups)
  const good =
    (text: (backup: VolumeBackup<ReachedRepository>) => string) =>
    ({ backups }: MeasuredVolume): string =>
      backups?.good === undefined ? '' : text(backups.good)
  return [
    { heading: 'Volume', cell: ({ volume: { name } }) => shownName(name), isShown: always },
    { heading: 'Size', align: 'right', cell: ({ bytes }) => sizeText(bytes), isShown: always },
    { heading: 'Used by', cell: usedBy, isShown: always },
    {
      heading: 'Project',
      cell: ({ project }) => printableText(project ?? ''),
      isShown: (all) => all.some(({ project }) => project !== undefined),
    },
    { heading: 'Saved by', cell: savedBy, isShown: isSavedKnown },
    {
      heading: 'Last good',
      cell: good(({ time, copies }) => `${shortId(copies[0]!.snapshot.id)}, ${ageOf(time, nowMs)} ago`),
      isShown: isSavedKnown,
    },
    {
      heading: 'In',
      cell: good(({ copies }) => labelsOf(copies).map(printableText).join(', ')),
      isShown: isSavedKnown,
    },
    { heading: 'Checked', cell: good((backup) => proofText(latestProof(backup), nowMs)), isShown: isSavedKnown },
  ]
}

function isDangling({ users }: MeasuredVolume): boolean {
  return users.length === 0
}

function usedBy({ users, services }: MeasuredVolume): string | readonly string[] {
  if (users.length > 0) return users.map(printableText)
  return services.length > 0 ? `no container (service ${services.map(printableText).join(', ')})` : 'nobody'
}

function savedBy({ backups }: MeasuredVolume): string {
  if (backups?.good) return printableText(backups.good.source.name)
  return backups?.incomplete ? `${printableText(backups.incomplete.source.name)}: never whole` : 'nobody'
}

/** Those that nobody named have 64 digits. */
function shownName(name: string): string {
  return isAnonymous(name) ? `${name.slice(0, 12)}… (no name)` : printableText(name)
}

function proofText(proof: VolumeProof, nowMs: number): string {
  if (proof.kind === 'none') return 'not since'
  const what = proof.kind === 'data' ? 'all data' : 'structure'
  return `${what}, ${ageOf(proof.time, nowMs)} ago`
}

function labelsOf(copies: VolumeBackup<ReachedRepository>['copies']): string[] {
  return [...new Set(copies.map(({ repository }) => repository.label))]
}

function ageOf(time: Date, nowMs: number): string {
  return formatAge(nowMs - time.getTime())
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : formatBytesRoughly(bytes)
}

function largestFirst(one: MeasuredVolume, other: MeasuredVolume): number {
  return (other.bytes ?? -1) - (one.bytes ?? -1)
}

function usageJson({ engine: { address, version }, usage, volumes }: EngineUsage, nowMs: number): object {
  const sorts = spaces(usage).map(({ json, count, inUse, bytes, freeableBytes, unknown }) => [
    json,
    { count, in_use: inUse, bytes: bytes ?? null, freeable_bytes: freeableBytes ?? null, unknown },
  ])
  return {
    engine: { address, version },
    space: Object.fromEntries(sorts),
    volumes: volumes.map((volume) => volumeJson(volume, nowMs)),
  }
}

function volumeJson({ volume, bytes, users, services, project, backups }: MeasuredVolume, nowMs: number): object {
  return {
    name: volume.name,
    driver: volume.driver,
    bytes: bytes ?? null,
    dangling: users.length === 0,
    ...{ users, services, project: project ?? null },
    ...(backups && { backup: backups.good ? backupJson(backups.good, nowMs) : null }),
    ...(backups?.incomplete && { incomplete_backup: backupJson(backups.incomplete, nowMs) }),
  }
}

function backupJson(backup: VolumeBackup<ReachedRepository>, nowMs: number): object {
  const { source, copies, time } = backup
  const proof = latestProof(backup)
  return {
    ...{ source: source.name, kind: source.kind, time: time.toISOString() },
    age_seconds: Math.max(0, Math.floor((nowMs - time.getTime()) / 1000)),
    snapshots: copies.map(({ repository, snapshot }) => ({ repository: repository.label, id: snapshot.id })),
    checked: proof.kind === 'none' ? null : { what: proof.kind, time: proof.time.toISOString() },
  }
}
