import type { CheckFinding, CheckReport, ReadProof, Suggestion, TouchedSnapshot } from '@hikae/engine'
import { formatBytes, formatPercent, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { type Column, tableLines } from '../output/table.ts'

/** Left-overs are harmless and may be many. */
const HINTS_SHOWN = 5
/** Of errors of one kind, and of snapshots; with `-v` all that the report has. */
const SHOWN = 20

/** Prints what a check found, and what to do. */
export function printCheck(report: CheckReport, out: Output): void {
  const all = out.json || out.verbosity > 0
  printErrors(report.errors, all, out)
  const shown = all ? report.hints.length : HINTS_SHOWN
  for (const finding of report.hints.slice(0, shown)) printFinding('hint', finding, out)
  if (report.hints.length > shown) out.note(`${report.hints.length - shown} more hints are shown with -v`)
  if (out.json) return out.document(summaryJson(report))
  out.note(
    `checked ${formatQuantity(report.snapshots, 'snapshot')}, ${formatQuantity(report.trees, 'directory', 'directories')}, ` +
      formatQuantity(report.packs, 'pack'),
  )
  if (report.packsRead > 0) {
    out.note(`read ${formatQuantity(report.packsRead, 'pack')}, ${formatBytes(report.bytesRead)}`)
  }
  if (report.proof) out.line(describeProof(report.proof))
  if (report.errors.length === 0) out.line(out.paint('green', 'no errors were found'))
  else out.line(out.paint('red', `${formatQuantity(report.errors.length, 'error')} found`))
  printTouched(report.touchedSnapshots, all, out)
  for (const suggestion of report.suggestions) out.line(`next: ${printableMessage(suggestionText(suggestion))}`)
}

function printErrors(errors: readonly CheckFinding[], all: boolean, out: Output): void {
  const printed = new Map<string, number>()
  for (const finding of errors) {
    const before = printed.get(finding.kind) ?? 0
    printed.set(finding.kind, before + 1)
    if (all || before < SHOWN || finding.kind === 'more') printFinding('error', finding, out)
  }
  const hidden = [...printed].reduce(
    (sum, [kind, count]) => sum + (kind === 'more' ? 0 : Math.max(0, count - SHOWN)),
    0,
  )
  if (!all && hidden > 0) out.note(`${formatQuantity(hidden, 'more error')} are shown with -v`)
}

function printFinding(severity: 'error' | 'hint', finding: CheckFinding, out: Output): void {
  const label = out.paintError(severity === 'error' ? 'red' : 'yellow', `${severity}:`)
  const { path, ...rest } = finding
  const where = path === undefined ? {} : { path: jsonPath(path) }
  out.problem(`${label} ${printableMessage(finding.message)}`, { message_type: severity, ...rest, ...where })
}

function printTouched(touched: readonly TouchedSnapshot[], all: boolean, out: Output): void {
  if (touched.length === 0) return
  const shown = all ? touched : touched.slice(0, SHOWN)
  out.line(
    touched.length === 1
      ? 'one snapshot does not come back whole:'
      : `${touched.length} snapshots do not come back whole:`,
  )
  for (const line of tableLines(TOUCHED_COLUMNS, shown)) out.line(line)
  if (touched.length > shown.length) out.line(`${touched.length - shown.length} more are shown with -v`)
}

const TOUCHED_COLUMNS: readonly Column<TouchedSnapshot>[] = [
  { heading: 'ID', cell: ({ id }) => shortId(id) },
  { heading: 'Time', cell: ({ time }) => (time === undefined ? '' : formatTime(time)) },
  { heading: 'Host', cell: ({ hostname }) => printableText(hostname ?? '') },
  { heading: 'Damage', cell: describeDamage },
]

function describeDamage({ time, files, directories }: TouchedSnapshot): string {
  if (time === undefined) return 'cannot be read'
  const parts = [
    ...(files > 0 ? [formatQuantity(files, 'file')] : []),
    ...(directories > 0 ? [formatQuantity(directories, 'directory', 'directories')] : []),
  ]
  return parts.join(' and ')
}

/** `62.0% of the data was read within the last 30d, …` */
function describeProof({ bytes, provenBytes, neverReadPacks, oldestReadAtMs }: ReadProof): string {
  const share = formatPercent(bytes === 0 ? 1 : provenBytes / bytes)
  const never = neverReadPacks > 0 ? `, ${formatQuantity(neverReadPacks, 'pack')} never yet` : ''
  const oldest = oldestReadAtMs === undefined ? '' : `, the longest ago at ${formatTime(isoTime(oldestReadAtMs))}`
  return `${share} of the data was read and found whole within that time${never}${oldest}`
}

function suggestionText(suggestion: Suggestion): string {
  return suggestion.kind === 'command' ? `hikae ${suggestion.command}` : suggestion.advice
}

function summaryJson(report: CheckReport): object {
  const commands = report.suggestions.flatMap((step) => (step.kind === 'command' ? [step.command] : []))
  return {
    message_type: 'summary',
    num_errors: report.errors.length,
    broken_packs: report.damagedPacks.length > 0 ? report.damagedPacks : null,
    suggest_repair_index: commands.includes('repair index'),
    suggest_prune: commands.includes('prune'),
    snapshots: report.snapshots,
    trees: report.trees,
    packs: report.packs,
    packs_read: report.packsRead,
    bytes_read: report.bytesRead,
    num_hints: report.hints.length,
    touched_snapshots: report.touchedSnapshots,
    suggestions: report.suggestions.map(suggestionText),
    ...(report.proof ? { proof: proofJson(report.proof) } : {}),
  }
}

function proofJson(proof: ReadProof): object {
  return {
    packs: proof.packs,
    bytes: proof.bytes,
    proven_packs: proof.provenPacks,
    proven_bytes: proof.provenBytes,
    never_read_packs: proof.neverReadPacks,
    ...(proof.oldestReadAtMs === undefined ? {} : { oldest_read: isoTime(proof.oldestReadAtMs) }),
  }
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
