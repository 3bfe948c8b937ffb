import type { RepositoryReport, StoredSnapshot } from '@hikae/engine'
import { printFailure } from '../output/failure.ts'
import { formatBytes, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printablePath, printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import type { ImportOutcome, ImportSettings } from './import-item.ts'
import type { ImportItem, Refusal, TimeOrigin } from './item.ts'
import { importTags } from './known-imports.ts'

const TIME_ORIGINS: Readonly<Record<TimeOrigin, string>> = {
  name: 'from its name',
  pattern: 'from its name, by --time-from-name',
  modified: 'when it was last written to',
  option: 'by --time',
}

/** Tells what becomes of each backup, and counts. */
export class ImportLog {
  readonly #out: Output
  readonly #settings: ImportSettings
  #imported = 0
  #skipped = 0
  #planned = 0
  #troubles = 0

  constructor(out: Output, settings: ImportSettings) {
    this.#out = out
    this.#settings = settings
  }

  /** Backups that are not, or not wholly, in every repository that they should be in. */
  get troubles(): number {
    return this.#troubles
  }

  get successes(): number {
    return this.#imported + this.#skipped + this.#planned
  }

  refused({ path, error }: Refusal): void {
    this.#troubles++
    printFailure({ item: jsonPath(path), what: printablePath(path), error, during: 'import' }, this.#out)
  }

  skipped(item: ImportItem, snapshot: StoredSnapshot | undefined): void {
    this.#skipped++
    if (this.#out.json) return this.#out.document({ ...this.#facts('skipped', item), snapshot_id: snapshot?.id })
    const which = snapshot ? ` as snapshot ${shortId(snapshot.id)}` : ''
    this.#out.note(`${printablePath(item.path)}: imported before${which}`)
  }

  planned(item: ImportItem): void {
    this.#planned++
    this.#warnOfTime(item)
    if (this.#out.json) return this.#out.document(this.#facts('planned', item))
    const { host, tags } = this.#settings
    this.#out.line(printablePath(item.path))
    this.#out.line(`  time  ${timeText(item)}, ${TIME_ORIGINS[item.timeFrom]}`)
    this.#out.line(`  as    ${printableText(item.place)} of host ${printableText(host)}`)
    this.#out.line(`  tags  ${importTags(item, tags).map(printableText).join(', ')}`)
  }

  done(item: ImportItem, outcome: ImportOutcome): void {
    if (outcome.kind === 'failed') return this.refused({ path: item.path, error: outcome.error })
    this.#warnOfTime(item)
    const name = printablePath(item.path)
    for (const remark of outcome.remarks) this.#out.warn(`${name}: ${printableMessage(remark)}`)
    if (outcome.isEmpty) this.#out.warn(`${name} was empty: the snapshot holds an empty file`)
    const { repositories, unreadable } = outcome.report
    for (const repository of repositories) this.#stored(item, repository, outcome.several)
    const isWhole = unreadable.length === 0 && !outcome.isEmpty && repositories.every(({ error }) => !error)
    if (!isWhole) this.#troubles++
    if (repositories.some(({ snapshot }) => snapshot !== undefined)) this.#imported++
  }

  end(leftOut: readonly string[], { dryRun }: { dryRun: boolean }): void {
    const { json } = this.#out
    if (json) {
      this.#out.document({
        message_type: 'summary',
        imported: this.#imported,
        ...(dryRun ? { planned: this.#planned, dry_run: true } : {}),
        skipped: this.#skipped,
        failed: this.#troubles,
        left_out: leftOut.map(jsonPath),
      })
      return
    }
    if (leftOut.length > 0) {
      this.#out.note(`left out, because they are neither archives nor dated: ${leftOut.map(printablePath).join(', ')}`)
    }
    const done = dryRun ? `${this.#planned} would be imported` : `${this.#imported} imported`
    this.#out.note(`${done}, ${this.#skipped} imported before, ${formatQuantity(this.#troubles, 'problem')}`)
  }

  #stored(item: ImportItem, { repository, snapshot, error, summary }: RepositoryReport, several: boolean): void {
    const { location } = repository.backend
    const prefix = several ? `${printableText(location)}: ` : ''
    const name = printablePath(item.path)
    if (error || !snapshot) {
      const trouble = error ?? new Error('no snapshot was made')
      printFailure({ item: jsonPath(item.path), what: prefix + name, error: trouble, during: 'storing' }, this.#out)
      return
    }
    if (this.#out.json) {
      this.#out.document({
        ...this.#facts('imported', item),
        snapshot_id: snapshot.id,
        tree: snapshot.tree,
        repository: location,
        total_bytes_processed: summary.totalBytesProcessed,
        data_added: summary.dataAdded,
        data_added_packed: summary.dataAddedPacked,
      })
      return
    }
    const size = `${formatBytes(summary.totalBytesProcessed)}, ${formatBytes(summary.dataAddedPacked)} stored`
    this.#out.line(`${prefix}${name}: ${timeText(item)}, snapshot ${shortId(snapshot.id)} saved (${size})`)
  }

  #facts(type: string, item: ImportItem): object {
    const { host, tags } = this.#settings
    return {
      message_type: type,
      item: jsonPath(item.path),
      kind: item.kind,
      time: isoTime(item),
      time_from: item.timeFrom,
      path: item.place,
      hostname: host,
      tags: importTags(item, tags),
    }
  }

  #warnOfTime(item: ImportItem): void {
    if (item.timeFrom !== 'modified') return
    const hint = 'say it with --time-from-name or --time if that is wrong'
    this.#out.warn(
      `${printablePath(item.path)}: its name has no time, so it counts as of ${timeText(item)}, when it was last written to; ${hint}`,
    )
  }
}

function isoTime({ timeNs }: ImportItem): string {
  return new Date(Number(timeNs / 1_000_000n)).toISOString()
}

function timeText(item: ImportItem): string {
  return formatTime(isoTime(item))
}
