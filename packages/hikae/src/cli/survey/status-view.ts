import { addressOf } from '../../repositories/location.ts'
import type { MaintenanceStatus } from '../../maintenance/maintenance-status.ts'
import type { JoinFinding } from '../../jobs/join-labelled.ts'
import type { SourceStatus } from '../../jobs/source-status.ts'
import { type Remark, type Score, THREE_TWO_ONE } from '../../repositories/three-two-one.ts'
import { latestCheck } from '../check/last-check.ts'
import { isKeptLong, type KeptOfSource } from '../jobs/kept-of-stack.ts'
import { formatAge } from '../output/age.ts'
import { formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, columnLines } from '../output/table.ts'
import type { LastDrills } from './drill-text.ts'
import { describeFreshness, freshnessOf } from './freshness.ts'
import { maintenanceJson, printMaintenanceStatus } from './maintenance-view.ts'
import { reasonOf } from './reason.ts'
import { repositoryJson } from './repository-json.ts'
import { printSources, sourceJson } from './sources-view.ts'
import { newestSnapshot, type SurveyedRepository } from './survey.ts'

export interface Status {
  readonly repositories: readonly SurveyedRepository[]
  /** Of the jobs of the stack file. */
  readonly sources: readonly SourceStatus[]
  /** What should be known about sources that containers bring. */
  readonly discovered: readonly JoinFinding[]
  readonly drills: LastDrills
  readonly maintenance: readonly MaintenanceStatus[]
  /** What restores in place have kept. */
  readonly kept: readonly KeptOfSource[]
  readonly score: Score
}

/** @param nowMs the time that ages are told from */
export function printStatus(status: Status, out: Output, nowMs: number): void {
  const { repositories, sources, discovered, drills, maintenance, kept, score } = status
  if (out.json) return out.document(statusJson(status, nowMs))
  if (sources.length > 0) printSources(sources, drills, out, nowMs)
  printDiscovered(discovered, out)
  printMaintenanceStatus(maintenance, out, nowMs)
  const columns: Column<SurveyedRepository>[] = [
    { heading: '', cell: ({ label }) => printableText(label) },
    { heading: '', cell: (repository) => lastWrite(repository, nowMs) },
    { heading: '', cell: ({ chosen }) => (chosen.name === undefined ? '' : printableText(addressOf(chosen.location))) },
    { heading: '', cell: (repository) => lastCheck(repository, nowMs) },
    { heading: '', cell: (repository) => stateOf(repository, repositories) },
  ]
  for (const line of columnLines(columns, repositories)) out.line(line)
  out.line()
  printKept(kept, out, nowMs)
  const isAnySaved = repositories.some((repository) => repository.kind === 'reached' && repository.snapshots.length > 0)
  printScore(score, isAnySaved, out)
}

function printDiscovered(findings: readonly JoinFinding[], out: Output): void {
  for (const { severity, message, hint } of findings) {
    out.line(out.paint(severity === 'error' ? 'red' : 'yellow', printableText(message)))
    if (hint !== undefined) out.line(`next: ${printableText(hint)}`)
  }
  if (findings.length > 0) out.line()
}

/** Only what is there for so long that it was probably forgotten. */
function printKept(kept: readonly KeptOfSource[], out: Output, nowMs: number): void {
  const old = kept.filter(({ copy }) => isKeptLong(copy, nowMs))
  if (old.length === 0) return
  for (const { source, copy } of old) {
    const age = formatAge(nowMs - copy.time.getTime())
    out.line(
      `${printableText(source)} was restored ${age} ago, and what was there is still kept: ${printableText(copy.place)}`,
    )
  }
  out.line(`next: free the room with \`hikae restore ${printableText(old[0]!.source)} --finish\``)
  out.line()
}

function lastWrite(repository: SurveyedRepository, nowMs: number): string {
  if (repository.kind === 'missed') return ''
  const newest = newestSnapshot(repository)
  return newest === undefined ? 'no snapshot' : `last snapshot ${formatAge(nowMs - Date.parse(newest.time))} ago`
}

function lastCheck(repository: SurveyedRepository, nowMs: number): string {
  if (repository.kind === 'missed') return ''
  const check = latestCheck(repository.checks)
  return check === undefined ? 'never checked' : `checked ${formatAge(nowMs - Date.parse(check.time))} ago`
}

function stateOf(repository: SurveyedRepository, all: readonly SurveyedRepository[]): string {
  if (repository.kind === 'missed') return `not reachable: ${reasonOf(repository)}`
  return describeFreshness(freshnessOf(repository, all))
}

function printScore(score: Score, isAnySaved: boolean, out: Output): void {
  const { remarks, unknownSites } = score
  const isMet = missingParts(score).length === 0
  out.line(out.paint(isMet ? 'green' : 'yellow', `3-2-1: ${scoreText(score)}`))
  for (const remark of remarks) out.line(`  ${printableText(remark.label)} ${remarkText(remark)}`)
  for (const label of unknownSites) {
    out.line(`  ${printableText(label)} stands nobody knows where: say it with location: { site: … } in hikae.yaml`)
  }
  if (isMet) return
  out.line(`missing: ${missingParts(score).join(', ')}`)
  out.line(`next: ${nextStep(score, isAnySaved)}`)
}

/** `2 copies, 1 medium, 0 off-site` */
function scoreText({ copies, media, offSite }: Score): string {
  return `${formatQuantity(copies, 'copy', 'copies')}, ${formatQuantity(media, 'medium', 'media')}, ${offSite} off-site`
}

function missingParts({ missing: { copies, media, offSite } }: Score): string[] {
  return [
    ...(copies > 0 ? [`${copies} more ${copies === 1 ? 'copy' : 'copies'}`] : []),
    ...(media > 0 ? ['another medium'] : []),
    ...(offSite > 0 ? ['a copy that is off-site'] : []),
  ]
}

/** The one step that brings most. */
function nextStep({ missing, remarks, unknownSites }: Score, isAnySaved: boolean): string {
  if (remarks.some(({ kind }) => kind === 'unreachable')) return 'bring back the repositories that cannot be reached'
  if (remarks.some(({ kind }) => kind === 'empty')) {
    return isAnySaved ? 'fill the empty repositories: hikae copy --catch-up' : 'make the first backup: hikae backup'
  }
  if (remarks.some(({ kind }) => kind === 'unknown-domain') || (missing.offSite > 0 && unknownSites.length > 0)) {
    return 'say in hikae.yaml where the repositories stand that nobody can tell'
  }
  if (missing.offSite > 0)
    return 'add a repository in another place to hikae.yaml: object storage, or a machine elsewhere'
  if (missing.copies > 0) return 'add a repository on another disk or machine to hikae.yaml'
  return 'add a repository on another kind of storage, or say with location: { media: … } what one lies on'
}

function remarkText(remark: Remark): string {
  switch (remark.kind) {
    case 'unreachable':
      return 'is not counted: it cannot be reached'
    case 'empty':
      return 'is not counted: it holds no snapshot'
    case 'unknown-domain':
      return (
        `is not counted: it is on ${remark.description}. ` +
        'Say with location: { provider: …, account: … } in hikae.yaml where that is'
      )
    case 'with-live-data':
      return `is no copy of its own: it is on ${remark.description}, as the live data is`
    case 'with-sibling':
      return `is no copy of its own: it is on ${remark.description}, as ${printableText(remark.sibling)} is`
  }
}

function statusJson(
  { repositories, sources, discovered, drills, maintenance, kept, score }: Status,
  nowMs: number,
): object {
  const { copies, media, offSite, missing, remarks, unknownSites } = score
  return {
    sources: sources.map((source) => sourceJson(source, drills, nowMs)),
    discovered: discovered.map(({ severity, message, hint, jobs }) => ({
      severity,
      message,
      hint: hint ?? null,
      jobs,
    })),
    maintenance: maintenance.map(maintenanceJson),
    repositories: repositories.map((repository) => repositoryJson(repository, repositories)),
    kept: kept.map(({ source, copy: { time, place } }) => ({
      source,
      time: time.toISOString(),
      age_seconds: Math.max(0, Math.floor((nowMs - time.getTime()) / 1000)),
      place,
    })),
    three_two_one: {
      copies,
      media,
      off_site: offSite,
      wanted: { copies: THREE_TWO_ONE.copies, media: THREE_TWO_ONE.media, off_site: THREE_TWO_ONE.offSite },
      missing: { copies: missing.copies, media: missing.media, off_site: missing.offSite },
      not_counted: remarks.map(({ label, kind, ...rest }) => ({ repository: label, reason: kind, ...rest })),
      unknown_sites: unknownSites,
    },
  }
}
