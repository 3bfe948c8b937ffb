import { isPutOff } from '../../maintenance/run-outcome.ts'
import type { StepRecord } from '../../state/run-record.ts'
import type { EndedRun } from '../jobs/stack-runner.ts'
import { formatBytes, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'

const COLOURS = { succeeded: 'green', incomplete: 'yellow', failed: 'red', cancelled: 'yellow' } as const

/** How a run of maintenance went: a line for each repository, and what went wrong with what to do about it. */
export function printMaintenance({ id, job, outcome, steps }: EndedRun, out: Output): void {
  if (out.json) {
    out.document({ message_type: 'run', run: id, job, outcome, steps, sources: [] })
    return
  }
  for (const { repository = '', outcome: ofStep, message, hint } of steps) {
    if (ofStep === 'succeeded' || ofStep === 'skipped') continue
    const next = hint === undefined ? '' : `\nnext: ${printableText(hint)}`
    out.problem(`${repository}: ${job} ${ofStep}: ${printableText(message ?? 'for an unknown reason')}${next}`, {})
  }
  const width = Math.max(0, ...steps.map(({ repository = '' }) => repository.length))
  for (const step of steps) out.line(`  ${(step.repository ?? '').padEnd(width)}  ${describe(step, out)}`)
  const seeLog = outcome === 'succeeded' || isPutOff(steps) ? '' : `; see \`hikae logs ${id}\``
  out.line(`${job} ${isPutOff(steps) ? out.paint('yellow', 'put off') : out.paint(COLOURS[outcome], outcome)}${seeLog}`)
}

function describe({ kind, outcome, message = '', facts = {} }: StepRecord, out: Output): string {
  if (outcome === 'skipped') return out.paint('yellow', printableText(message))
  const end = outcome === 'succeeded' || outcome === 'incomplete' || outcome === 'failed' ? outcome : 'failed'
  return [out.paint(COLOURS[end], end.padEnd('incomplete'.length)), amounts(kind, facts)].join('  ').trimEnd()
}

function amounts(kind: StepRecord['kind'], facts: NonNullable<StepRecord['facts']>): string {
  const count = (name: string): number => Number(facts[name] ?? 0)
  if (Object.keys(facts).length === 0) return ''
  if (kind === 'prune')
    return `${formatQuantity(count('removedPacks'), 'pack')} deleted, ${formatBytes(count('freedBytes'))} freed`
  const read = count('packsRead') > 0 ? `, ${formatBytes(count('readBytes'))} read` : ''
  const errors = count('errors') > 0 ? `, ${formatQuantity(count('errors'), 'error')} found` : ''
  return `${formatQuantity(count('snapshots'), 'snapshot')}, ${formatQuantity(count('packs'), 'pack')}${read}${errors}`
}
