import type { RunRecord, StepRecord } from '../../state/run-record.ts'
import type { JsonValue, StepFacts } from '../../state/step-facts.ts'
import { formatBytesRoughly, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableMessage, printableText } from '../output/printable.ts'
import { type Column, tableLines } from '../output/table.ts'
import { paintOutcome } from './paint-outcome.ts'
import { durationOf } from './run-seconds.ts'

/** One run: what it was, its steps, what it says of its sources. @param nowMs for what is not over */
export function printRun(run: RunRecord, out: Output, nowMs: number): void {
  const { id, job, stack, trigger, startedAt, host, pid, program, steps, sources } = run
  out.line(`run ${id} of job ${printableText(job)} in ${printableText(stack)}: ${paintOutcome(run.outcome, out.paint)}`)
  const duration = durationOf(run, nowMs)
  out.line(`${formatTime(startedAt)}${duration === '' ? '' : `, ${duration}`}, ${TRIGGERS[trigger]}`)
  out.line(`on ${printableText(host)} by process ${pid}, hikae ${printableText(program)}`)
  if (steps.length > 0) printSteps(steps, out, nowMs)
  for (const step of steps) printMessage(`step ${step.number}`, step, out)
  for (const { source, findings } of sources) {
    for (const { severity, ...finding } of findings) printMessage(`${severity}: ${printableText(source)}`, finding, out)
  }
  out.note(`next: hikae logs ${id}`)
}

const TRIGGERS: Readonly<Record<RunRecord['trigger'], string>> = {
  schedule: 'started by its schedule',
  'catch-up': 'started late, to catch up with its schedule',
  manual: 'started by hand',
  change: 'started by a change',
}

function printSteps(steps: readonly StepRecord[], out: Output, nowMs: number): void {
  const columns: Column<StepRecord>[] = [
    { heading: '#', align: 'right', cell: ({ number }) => String(number) },
    { heading: 'Step', cell: ({ kind }) => kind },
    { heading: 'Source', cell: ({ source = '' }) => printableText(source) },
    { heading: 'Repository', cell: ({ repository = '' }) => printableText(repository) },
    { heading: 'Duration', align: 'right', cell: (step) => durationOf(step, nowMs) },
    { heading: 'Outcome', cell: ({ outcome }) => outcome ?? 'running' },
    { heading: '', cell: ({ facts = {} }) => factsText(facts) },
  ]
  out.line()
  for (const line of tableLines(columns, steps)) out.line(line)
}

function printMessage(what: string, { message, hint }: Pick<StepRecord, 'message' | 'hint'>, out: Output): void {
  if (message !== undefined) out.line(`${what}: ${printableMessage(message)}`)
  if (hint !== undefined) out.line(`  next: ${printableMessage(hint)}`)
}

/** Known facts have a unit; others are shown as they are. */
const FACTS: Readonly<Record<string, (value: number) => string>> = {
  readBytes: (bytes) => `read ${formatBytesRoughly(bytes)}`,
  addedBytes: (bytes) => `added ${formatBytesRoughly(bytes)}`,
  storedBytes: (bytes) => `stored ${formatBytesRoughly(bytes)}`,
  files: (files) => formatQuantity(files, 'file'),
  downtimeSeconds: (seconds) => `held up for ${seconds} s`,
}

function factsText(facts: StepFacts): string {
  return Object.entries(facts)
    .map(([name, value]) => factText(name, value))
    .join(', ')
}

function factText(name: string, value: JsonValue | undefined): string {
  const known = FACTS[name]
  if (known !== undefined && typeof value === 'number') return known(value)
  if (name === 'readUpTo' && typeof value === 'string') return `up to pack ${printableText(value.slice(0, 8))}`
  if (name === 'repositoryId' && typeof value === 'string') return `repository ${printableText(value.slice(0, 8))}`
  if (name === 'snapshot' && typeof value === 'string') return `snapshot ${printableText(value.slice(0, 8))}`
  return printableText(`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
}
