import type { KeepPolicy } from '@hikae/engine'
import type { StatedJob } from '../../jobs/source-status.ts'
import { formatAge } from '../output/age.ts'
import { formatBytesRoughly, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import type { ProgressView } from '../output/progress.ts'
import { truncateEnd } from '../output/width.ts'
import { shortId } from '../output/snapshot.ts'
import { labelOf } from '../repository/choose.ts'
import type { Goes } from './judge-volume.ts'
import { isGoing, type PlannedVolume, type VolumePrunePlan } from './prune-plan.ts'
import { keepCommands, restoreCommand } from './restore-command.ts'
import type { Stays } from './stays.ts'

export function printPlan({ engine, volumes, othersInUse }: VolumePrunePlan, out: Output, nowMs: number): void {
  if (out.json) {
    const planned = volumes.map((volume) => plannedJson(volume))
    out.document({ message_type: 'plan', engine: engine.address, volumes: planned, others_in_use: othersInUse })
  }
  out.note(`volumes of ${engine.address}:`)
  for (const { use, verdict } of volumes) {
    const name = printableText(use.volume.name)
    if (verdict.kind === 'goes') out.note(`  remove  ${name}: ${goesText(verdict, nowMs)}`)
    else printStay(name, verdict, out)
  }
  if (volumes.length === 0) out.note('  none: each is used by a container')
  if (othersInUse > 0) out.note(`  ${formatQuantity(othersInUse, 'other is', 'others are')} in use`)
}

/** What has not gone although it was to. */
export function printStay(name: string, { message, hint }: Stays, out: Output): void {
  out.note(`  keep    ${name}: it ${printableText(message)}`)
  if (hint !== undefined) out.note(`          next: ${hint}`)
}

/** What removing means for the time after. */
export function printConsequences(
  going: readonly PlannedVolume<Goes>[],
  jobs: readonly StatedJob[],
  describe: (policy: KeepPolicy) => string,
  out: Output,
): void {
  const backups = new Map(going.map(({ verdict: { backup } }) => [backup.copies[0]!.snapshot.id, backup]))
  for (const backup of backups.values()) {
    const { name } = backup.source
    for (const { name: job, keep } of jobs.filter(({ sources }) => sources.some((source) => source.name === name))) {
      if (keep === 'forever') continue
      out.note(
        `  the job ${job} keeps snapshots of ${name} so long: ${describe(keep)}. Then what is removed now is gone for`,
      )
      out.note('  good, unless you keep its last snapshot with:')
      for (const command of keepCommands(backup, job)) out.note(`    ${command}`)
    }
  }
  for (const { use, verdict } of going) {
    const { name, names } = verdict.backup.source
    if (!names.includes(use.volume.name)) continue
    out.note(`  the source ${name} names ${use.volume.name}: take that out of hikae.yaml, or its runs are incomplete`)
  }
}

export function printRemoved({ use, verdict }: PlannedVolume<Goes>, out: Output): void {
  const { name } = use.volume
  const { bytes } = verdict.comparison
  const command = restoreCommand(name, verdict.backup)
  if (out.json) return out.document({ message_type: 'removed', volume: name, bytes, restore: command })
  out.line(`removed ${printableText(name)}, ${formatBytesRoughly(bytes)}`)
  out.line(`  back with: ${command}`)
}

export interface PruneProgress {
  readonly volume: string
  readonly bytes: number
}

export const PRUNE_PROGRESS: ProgressView<PruneProgress> = {
  lines: (progress, width) => [truncateEnd(progressText(progress), width)],
  line: progressText,
  json: ({ volume, bytes }) => ({ volume, bytes_compared: bytes }),
}

function progressText({ volume, bytes }: PruneProgress): string {
  return `comparing ${printableText(volume)} with its snapshot: ${formatBytesRoughly(bytes)}`
}

function goesText({ backup, copy, comparison }: Goes, nowMs: number): string {
  const age = formatAge(nowMs - backup.time.getTime())
  const size = formatBytesRoughly(comparison.bytes)
  const others = backup.copies.filter((other) => other !== copy).map(({ repository }) => labelOf(repository.chosen))
  const also = others.length === 0 ? '' : `, also in ${others.map(printableText).join(', ')}`
  const where = `${shortId(copy.snapshot.id)} in ${printableText(labelOf(copy.repository.chosen))}`
  return `${size}, as ${backup.source.name} has saved it ${age} ago; ${where} was read back and compared${also}`
}

function plannedJson(planned: PlannedVolume): object {
  const { name } = planned.use.volume
  if (!isGoing(planned)) {
    const { reason, message, hint } = planned.verdict as Stays
    return { volume: name, verdict: 'stays', reason, message, hint: hint ?? null }
  }
  const { backup, copy, comparison } = planned.verdict
  return {
    ...{ volume: name, verdict: 'goes', bytes: comparison.bytes, source: backup.source.name },
    ...{ snapshot: copy.snapshot.id, repository: labelOf(copy.repository.chosen), time: backup.time.toISOString() },
    restore: restoreCommand(name, backup),
  }
}
