import type { BackupItem, BackupReport, RepositoryReport, UnreadableItem } from '@hikae/engine'
import { printFailure } from '../output/failure.ts'
import { formatBytes, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printablePath, printableText } from '../output/printable.ts'
import { shortId, summaryCounts, summaryTimes } from '../output/snapshot.ts'

/** A repository that could not be opened. */
export interface FailedRepository {
  /** Its name or address. */
  readonly repository: string
  readonly error: Error
}

export function printUnopened({ repository, error }: FailedRepository, out: Output): void {
  printFailure({ item: repository, what: `repository ${printableText(repository)}`, error, during: 'open' }, out)
}

export function printUnreadable({ path, error }: UnreadableItem, out: Output): void {
  printFailure({ item: path, what: printableText(path), error, during: 'archival' }, out)
}

const ITEM_ACTIONS = { new: 'new', changed: 'modified', unchanged: 'unchanged' } as const

/** One line per file with `-vv`. */
export function printItem({ action, kind, path, size }: BackupItem, out: Output): void {
  const item = kind === 'directory' ? `${path}/` : path
  if (out.json) {
    out.document({
      message_type: 'verbose_status',
      action: ITEM_ACTIONS[action],
      item: jsonPath(item),
      data_size: size,
    })
    return
  }
  const detail = action === 'unchanged' || kind === 'directory' ? '' : `, ${formatBytes(size)}`
  out.line(`${ITEM_ACTIONS[action].padEnd(9)} ${printablePath(item)}${detail}`)
}

interface ReportOptions {
  readonly dryRun: boolean
  readonly failed: readonly FailedRepository[]
}

/** What was read, what each repository got, and what need not be stored again. */
export function printReport(report: BackupReport, options: ReportOptions, out: Output): void {
  if (out.json) {
    for (const repository of report.repositories) out.document(summaryJson(report, repository, options))
    return
  }
  const several = report.repositories.length + options.failed.length > 1
  const [first] = report.repositories
  if (first) printCounts(report, first, out)
  for (const repository of report.repositories) printRepository(repository, { ...options, several }, out)
  if (report.unreadable.length > 0) {
    out.line(out.paint('yellow', `incomplete: ${formatQuantity(report.unreadable.length, 'item')} could not be read`))
  }
}

function printCounts(report: BackupReport, { summary, parent }: RepositoryReport, out: Output): void {
  const counts = (created: number, changed: number, same: number): string =>
    `${pad(created)} new, ${pad(changed)} changed, ${pad(same)} unmodified`
  out.note(
    parent === undefined ? 'no parent snapshot: every file was read' : `using parent snapshot ${shortId(parent)}`,
  )
  out.note()
  out.note(`Files:      ${counts(summary.filesNew, summary.filesChanged, summary.filesUnmodified)}`)
  out.note(`Dirs:       ${counts(summary.dirsNew, summary.dirsChanged, summary.dirsUnmodified)}`)
  out.note(`Spared:     ${savedText(report, summary)}`)
  out.note()
  const files = formatQuantity(summary.totalFilesProcessed, 'file')
  out.note(`processed ${files}, ${formatBytes(summary.totalBytesProcessed)} in ${formatDuration(report.seconds)}`)
}

function savedText({ bytesUnchanged, bytesDeduplicated }: BackupReport, summary: RepositoryReport['summary']): string {
  const compressed = Math.max(0, summary.dataAdded - summary.dataAddedPacked)
  return [
    `${formatBytes(bytesUnchanged)} unchanged`,
    `${formatBytes(bytesDeduplicated)} duplicate`,
    `${formatBytes(compressed)} compressed away`,
  ].join(', ')
}

function printRepository(
  { repository, summary, snapshot, error }: RepositoryReport,
  { dryRun, several }: ReportOptions & { several: boolean },
  out: Output,
): void {
  const prefix = several ? `${printableText(repository.backend.location)}: ` : ''
  if (error) {
    const { location } = repository.backend
    const what = `${printableText(location)}: no snapshot was made`
    return printFailure({ item: location, what, error, during: 'storing' }, out)
  }
  const verb = dryRun ? 'Would be added' : 'Added'
  out.note(`${prefix}${verb}: ${formatBytes(summary.dataAdded)} (${formatBytes(summary.dataAddedPacked)} stored)`)
  if (snapshot) out.line(`${prefix}snapshot ${shortId(snapshot.id)} saved`)
  else out.line(`${prefix}${dryRun ? 'dry run: nothing was stored' : 'nothing changed: no snapshot was made'}`)
}

function pad(number: number): string {
  return String(number).padStart(5)
}

function summaryJson(report: BackupReport, repository: RepositoryReport, { dryRun }: ReportOptions): object {
  const { summary, snapshot, error, outcome } = repository
  return {
    message_type: 'summary',
    ...summaryCounts(summary),
    total_duration: report.seconds,
    ...summaryTimes(summary),
    ...(snapshot ? { snapshot_id: snapshot.id } : {}),
    ...(dryRun ? { dry_run: true } : {}),
    repository: repository.repository.backend.location,
    outcome,
    unreadable: report.unreadable.length,
    bytes_unchanged: report.bytesUnchanged,
    bytes_deduplicated: report.bytesDeduplicated,
    ...(error ? { error: { message: error.message } } : {}),
  }
}
