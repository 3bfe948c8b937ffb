import type { Redactor } from './redactor.ts'
import type { StateDatabase } from './state-database.ts'
import type { RunFinding } from './run-record.ts'
import { redactedFinding } from './run-writer.ts'

/** A rehearsed restore of a source, as it is remembered. */
export interface DrillRecord {
  readonly source: string
  readonly kind: string
  /** ISO 8601 in UTC. */
  readonly startedAt: string
  /** How long it took to be back: the measured recovery time. */
  readonly seconds: number
  readonly outcome: 'succeeded' | 'incomplete' | 'failed'
  /** Of the point: id, time, and the repository that it came from. */
  readonly snapshot: string
  readonly pointTime: string
  readonly repository: string
  /** Absent when what the point holds could not be read. */
  readonly files?: number
  readonly bytes?: number
  readonly findings: readonly RunFinding[]
}

/** So many are kept of each source. */
const MOST_KEPT = 100

/** What rehearsed restores have shown. */
export class Drills {
  readonly #database: StateDatabase

  readonly #redactor: Redactor

  constructor(database: StateDatabase, redactor: Redactor) {
    this.#database = database
    this.#redactor = redactor
  }

  add(drill: DrillRecord): void {
    const { source, kind, startedAt, seconds, outcome, snapshot, pointTime, repository, files, bytes } = drill
    const findings = drill.findings.map((finding) => redactedFinding(finding, this.#redactor))
    this.#database.write((database) => {
      database
        .prepare(
          `insert into drills (source, kind, started_at, seconds, outcome, snapshot, point_time, repository, files, bytes, findings)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ...[source, kind, startedAt, seconds, outcome, snapshot, pointTime, repository],
          ...[files ?? null, bytes ?? null, JSON.stringify(findings)],
        )
      database
        .prepare(
          `delete from drills where source = ? and number not in
            (select number from drills where source = ? order by number desc limit ?)`,
        )
        .run(source, source, MOST_KEPT)
    })
  }

  /** The last one of each source, by source. */
  last(): ReadonlyMap<string, DrillRecord> {
    return this.#database.read((database) => {
      const rows = database
        .prepare('select * from drills where number in (select max(number) from drills group by source)')
        .all()
      return new Map(rows.map((row) => [String(row['source']), drillFrom(row)]))
    })
  }
}

function drillFrom(row: Readonly<Record<string, unknown>>): DrillRecord {
  const text = (name: string): string => String(row[name])
  const isSized = row['files'] !== null && row['bytes'] !== null
  return {
    source: text('source'),
    kind: text('kind'),
    startedAt: text('started_at'),
    seconds: Number(row['seconds']),
    outcome: text('outcome') as DrillRecord['outcome'],
    snapshot: text('snapshot'),
    pointTime: text('point_time'),
    repository: text('repository'),
    ...(isSized ? { files: Number(row['files']), bytes: Number(row['bytes']) } : {}),
    findings: JSON.parse(text('findings')) as RunFinding[],
  }
}
