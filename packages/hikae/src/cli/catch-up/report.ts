import { isKnownError } from '../../errors.ts'
import { printFailure } from '../output/failure.ts'
import { formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { describeSnapshot, shortId } from '../output/snapshot.ts'
import type { LevelReport, PlannedMember } from './bring-level.ts'

export type LevelOutcome = 'level' | 'incomplete' | 'failed'

/** Nothing came, and something should have, is a failure. */
export function outcomeOf({ copied, damaged, error }: LevelReport): LevelOutcome {
  if (error === undefined && damaged === 0) return 'level'
  return copied > 0 ? 'incomplete' : 'failed'
}

/** One repository's result: its outcome, and what is left to do. */
export function printLevel(report: LevelReport, out: Output): void {
  const { target, plan, copied, damaged, error } = report
  const outcome = outcomeOf(report)
  if (out.json) {
    out.document({
      message_type: 'catch_up',
      repository: target.label,
      outcome,
      snapshots_copied: copied,
      snapshots_damaged: damaged,
      snapshots_missing: plan.wanted.length - copied,
      older: olderJson(report),
      ...(error ? { error: { message: error.message, ...(isKnownError(error) ? { code: error.code } : {}) } } : {}),
    })
    return
  }
  const label = printableText(target.label)
  if (error) {
    const what = `${label} was not brought level`
    printFailure({ item: target.label, what, error, during: 'catch-up' }, out)
  }
  if (outcome !== 'level' || copied > 0) {
    const missing = plan.wanted.length - copied
    const rest = missing > 0 ? out.paint('red', `, ${formatQuantity(missing, 'snapshot')} still missing`) : ''
    out.line(`${label}: ${formatQuantity(copied, 'snapshot')} caught up${rest}`)
  } else out.line(`${label}: level`)
  if (damaged > 0) out.line('next: run `hikae check --read-data` on the repositories with damage')
}

/** What was left out on purpose. */
export function printOlder({ target, plan }: PlannedMember, print: (line: string) => void): void {
  for (const [{ label }, count] of plan.older) {
    const snapshots = formatQuantity(count, 'older snapshot')
    print(
      `${printableText(target.label)}: ${snapshots} only in ${printableText(label)}; ` +
        '`hikae copy --catch-up --with-older` brings them too',
    )
  }
}

/** What would be copied. */
export function printPlan(planned: PlannedMember, out: Output): void {
  const { target, plan } = planned
  if (out.json) {
    out.document({
      message_type: 'catch_up_plan',
      repository: target.label,
      snapshots: plan.wanted.map(({ from, snapshot }) => ({
        snapshot: snapshot.id,
        time: snapshot.time,
        from: from.label,
      })),
      older: olderJson(planned),
    })
    return
  }
  const label = printableText(target.label)
  if (plan.wanted.length === 0) out.line(`${label}: level`)
  else out.line(`${label}: would get ${formatQuantity(plan.wanted.length, 'snapshot')}`)
  for (const { from, snapshot } of plan.wanted) {
    const { id, time } = snapshot
    out.line(`  ${shortId(id)}  ${formatTime(time)}  from ${printableText(from.label)}`)
    out.detail(`    ${describeSnapshot(snapshot)}`)
  }
}

function olderJson({ plan }: PlannedMember): object[] {
  return [...plan.older].map(([{ label }, snapshots]) => ({ in: label, snapshots }))
}
