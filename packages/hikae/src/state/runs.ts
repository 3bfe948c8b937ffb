import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { hasEnded } from './process-origin.ts'
import { originFrom, type Row, runFrom, sourceResultFrom, stepFrom } from './run-rows.ts'
import type { RunId, RunOutcome, RunRecord, SourceResult, StepKind, StepRecord } from './run-record.ts'
import { RunWriter, type RunWriterOptions } from './run-writer.ts'
import type { StateDatabase } from './state-database.ts'

export interface RunFilter {
  readonly job?: string
  /** Runs that came so far as to have a result for it. */
  readonly source?: string
  /** Any of these; `running` for those that are not over. */
  readonly outcomes?: readonly (RunOutcome | 'running')[]
  /** Milliseconds since the epoch; runs that began then or later. */
  readonly sinceMs?: number
  /** The newest so many. */
  readonly limit?: number
}

/** What a run did for one source. */
export interface SourceRun {
  readonly run: RunId
  readonly job: string
  readonly result: SourceResult
}

/**
 * The runs of a stack. What is read tells of a run whose process has gone that it was interrupted, whether or not anybody
 * has noted that yet.
 */
export class Runs extends RunWriter {
  readonly #database: StateDatabase
  readonly #options: RunWriterOptions

  constructor(database: StateDatabase, options: RunWriterOptions) {
    super(database, options)
    this.#database = database
    this.#options = options
  }

  get(id: RunId): RunRecord | undefined {
    return this.#select('id = ?', [id])[0]
  }

  /** Runs whose ids begin so, newest first. @param limit more are not looked for */
  beginningWith(prefix: string, limit = 10): readonly RunRecord[] {
    // Ids are ASCII: what begins with the prefix sorts before the prefix and a later character.
    return this.#select('id >= ? and id < ?', [prefix, `${prefix}~`], limit)
  }

  /** Newest first. */
  list({ job, source, outcomes, sinceMs, limit }: RunFilter = {}): readonly RunRecord[] {
    const conditions: [sql: string, ...values: SQLInputValue[]][] = []
    if (job !== undefined) conditions.push(['job = ?', job])
    if (source !== undefined) conditions.push(['id in (select run from source_results where source = ?)', source])
    if (sinceMs !== undefined) conditions.push(['started_at >= ?', new Date(sinceMs).toISOString()])
    if (outcomes !== undefined) conditions.push(this.#outcomeCondition(outcomes))
    const sql = conditions.map(([text]) => text).join(' and ') || 'true'
    const values = conditions.flatMap(([, ...values]) => values)
    return this.#select(sql, values, limit)
  }

  /** Steps of one kind in a repository, of all runs of a job: newest first, the newest so many. */
  steps(job: string, kind: StepKind, repository: string, limit: number): readonly StepRecord[] {
    return this.#database.read((database) =>
      database
        .prepare(
          `select s.* from runs r join steps s on s.run = r.id
            where r.job = ? and s.kind = ? and s.repository = ? order by r.started_at desc, r.id desc, s.number desc limit ?`,
        )
        .all(job, kind, repository, limit)
        .map(stepFrom),
    )
  }

  /** Those that are not over, and whose process is; nobody has noted it yet. Oldest first. */
  interruptedRuns(): readonly RunRecord[] {
    return this.#database.read((database) => this.#interrupted(database).map((row) => this.#told(database, row)))
  }

  /**
   * Notes of these that they were interrupted, and of their steps.
   *
   * @returns those that this call has noted: of several processes, one gets each
   */
  markInterrupted(): readonly RunRecord[] {
    return this.#database.write((database) =>
      this.#interrupted(database).map((row) => {
        const id = String(row['id'])
        database.prepare("update runs set outcome = 'interrupted' where id = ?").run(id)
        database.prepare("update steps set outcome = 'interrupted' where run = ? and outcome is null").run(id)
        return runFrom(database, database.prepare('select * from runs where id = ?').get(id)!)
      }),
    )
  }

  /**
   * The last time that all of a source was read and stored, in any repository or in this one.
   *
   * @returns undefined when that never happened, or was forgotten
   */
  lastGood(source: string, repository?: string): SourceRun | undefined {
    const [sql, ...values] = repository === undefined ? ['true'] : ['ss.repository = ?', repository]
    return this.#database.read((database) => {
      const row = database
        .prepare(
          `select s.*, r.job from source_results s join runs r on r.id = s.run
            where s.source = ? and s.outcome = 'succeeded' and exists
              (select 1 from source_snapshots ss where ss.run = s.run and ss.source = s.source and ${sql})
            order by s.started_at desc, s.run desc limit 1`,
        )
        .get(source, ...values)
      return row === undefined ? undefined : sourceRunFrom(database, row)
    })
  }

  /** What runs did for a source, oldest first: how it grows. @param limit the newest so many */
  growth(source: string, { sinceMs = 0, limit = -1 }: Pick<RunFilter, 'sinceMs' | 'limit'> = {}): readonly SourceRun[] {
    return this.#database.read((database) =>
      database
        .prepare(
          `select s.*, r.job from source_results s join runs r on r.id = s.run
            where s.source = ? and s.started_at >= ? order by s.started_at desc, s.run desc limit ?`,
        )
        .all(source, new Date(sinceMs).toISOString(), limit)
        .map((row) => sourceRunFrom(database, row))
        .toReversed(),
    )
  }

  /** Names of the sources that there is a result of. */
  sources(): readonly string[] {
    return this.#database.read((database) =>
      database
        .prepare('select distinct source from source_results order by source')
        .all()
        .map((row) => String(row['source'])),
    )
  }

  #select(condition: string, values: readonly SQLInputValue[], limit = -1): readonly RunRecord[] {
    return this.#database.read((database) =>
      database
        .prepare(`select * from runs where ${condition} order by started_at desc, id desc limit ?`)
        .all(...values, limit)
        .map((row) => this.#told(database, row)),
    )
  }

  #outcomeCondition(outcomes: readonly (RunOutcome | 'running')[]): [sql: string, ...values: SQLInputValue[]] {
    const ended = this.#database.read((database) => this.#interrupted(database).map((row) => String(row['id'])))
    const list = (values: readonly string[]): string => `(${values.map(() => '?').join(', ')})`
    const parts: [sql: string, ...values: string[]][] = [[`outcome in ${list(outcomes)}`, ...outcomes]]
    if (outcomes.includes('interrupted')) parts.push([`id in ${list(ended)}`, ...ended])
    if (outcomes.includes('running')) parts.push([`(outcome is null and id not in ${list(ended)})`, ...ended])
    return [`(${parts.map(([sql]) => sql).join(' or ')})`, ...parts.flatMap(([, ...values]) => values)]
  }

  #interrupted(database: DatabaseSync): Row[] {
    const open = database.prepare('select * from runs where outcome is null order by started_at, id').all()
    return open.filter((row) => this.#isInterrupted(row))
  }

  #isInterrupted(row: Row): boolean {
    const { origin, locks } = this.#options
    return hasEnded(originFrom(row), origin, (lock) => locks.isHeld(lock))
  }

  #told(database: DatabaseSync, row: Row): RunRecord {
    const record = runFrom(database, row)
    if (record.outcome !== undefined || !this.#isInterrupted(row)) return record
    return {
      ...record,
      outcome: 'interrupted',
      steps: record.steps.map((step) => ({ outcome: 'interrupted', ...step })),
    }
  }
}

function sourceRunFrom(database: DatabaseSync, row: Row): SourceRun {
  return { run: String(row['run']) as RunId, job: String(row['job']), result: sourceResultFrom(database, row) }
}
