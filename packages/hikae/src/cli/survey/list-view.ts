import { addressOf } from '../../repositories/location.ts'
import { type CheckKind, latestCheck } from '../check/last-check.ts'
import { formatBytes, formatCount, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, tableLines } from '../output/table.ts'
import { describeFreshness, freshnessOf } from './freshness.ts'
import { reasonOf } from './reason.ts'
import { repositoryJson } from './repository-json.ts'
import { newestSnapshot, type ReachedRepository, type SurveyedRepository } from './survey.ts'

const CHECKED: Readonly<Record<CheckKind, string>> = {
  structure: 'structure',
  part: 'part of the data',
  all: 'all data',
}

/** A table, and a line for each repository that could not be reached. */
export function printRepositories(repositories: readonly SurveyedRepository[], out: Output): void {
  if (out.json) return out.document(repositories.map((repository) => repositoryJson(repository, repositories)))
  const of =
    (cell: (reached: ReachedRepository) => string | readonly string[]) =>
    (repository: SurveyedRepository): string | readonly string[] =>
      repository.kind === 'reached' ? cell(repository) : ''
  const columns: Column<SurveyedRepository>[] = [
    { heading: 'Repository', cell: nameAndAddress },
    { heading: 'Snapshots', align: 'right', cell: of(snapshotCount) },
    { heading: 'Size', align: 'right', cell: of(({ storedBytes }) => bytesOrNothing(storedBytes)) },
    { heading: 'Free', align: 'right', cell: of(({ freeBytes }) => bytesOrNothing(freeBytes)) },
    { heading: 'Last write', cell: of(lastWrite) },
    { heading: 'Last check', cell: of(lastCheck) },
    { heading: 'State', cell: (repository) => stateOf(repository, repositories) },
  ]
  for (const line of tableLines(columns, repositories)) out.line(line)
  for (const repository of repositories) {
    if (repository.kind === 'missed') out.line(`${printableText(repository.label)}: ${reasonOf(repository)}`)
  }
}

function nameAndAddress({ chosen: { name, location } }: SurveyedRepository): readonly string[] {
  return [...(name === undefined ? [] : [name]), printableText(addressOf(location))]
}

function snapshotCount({ snapshots, damaged }: ReachedRepository): readonly string[] {
  return [formatCount(snapshots.length), ...(damaged > 0 ? [`${damaged} damaged`] : [])]
}

function lastWrite(repository: ReachedRepository): string {
  const newest = newestSnapshot(repository)
  return newest === undefined ? 'never' : formatTime(newest.time)
}

function lastCheck({ checks }: ReachedRepository): readonly string[] {
  const check = latestCheck(checks)
  return check === undefined ? ['not from here'] : [formatTime(check.time), CHECKED[check.kind]]
}

function stateOf(repository: SurveyedRepository, all: readonly SurveyedRepository[]): string {
  return repository.kind === 'missed' ? 'not reachable' : describeFreshness(freshnessOf(repository, all))
}

function bytesOrNothing(bytes: number | undefined): string {
  return bytes === undefined ? '' : formatBytes(bytes)
}
