import type { RunId } from './run-record.ts'
import type { StateDatabase } from './state-database.ts'

/**
 * Forgets runs that began before a time. The last good one of each source stays, in each of its repositories, and so do the
 * last run of each job, its last good one, and whatever is not over.
 *
 * @returns the runs that were forgotten
 */
export function pruneRuns(database: StateDatabase, beforeMs: number): readonly RunId[] {
  return database.write((open) =>
    open
      .prepare(
        `delete from runs where started_at < ? and outcome is not null and id not in (
          select run from (
            select s.run, row_number() over (
              partition by s.source, ss.repository order by s.started_at desc, s.run desc
            ) as place
            from source_results s join source_snapshots ss on ss.run = s.run and ss.source = s.source
            where s.outcome = 'succeeded'
          ) where place = 1
          union
          select id from (
            select id, row_number() over (
              partition by job, outcome = 'succeeded' order by started_at desc, id desc
            ) as place
            from runs
          ) where place = 1
        ) returning id`,
      )
      .all(new Date(beforeMs).toISOString())
      .map((row) => String(row['id']) as RunId),
  )
}
