import type { StateDatabase } from './state-database.ts'

/** What a schedule remembers of a job. Times are ISO 8601 in UTC. */
export interface ScheduleState {
  /** What was due before the job was known was not missed. */
  readonly firstSeen: string
  /** When a run of it last began, however that ended; absent when none has. */
  readonly lastStarted?: string
}

export class ScheduleStates {
  readonly #database: StateDatabase
  readonly #clock: () => number

  constructor(database: StateDatabase, clock: () => number) {
    this.#database = database
    this.#clock = clock
  }

  /** The state of a job; one that was not known is seen now for the first time. */
  see(job: string): ScheduleState {
    return this.#database.write((database) => {
      database
        .prepare('insert or ignore into schedule_states (job, first_seen) values (?, ?)')
        .run(job, new Date(this.#clock()).toISOString())
      return stateFrom(database.prepare('select * from schedule_states where job = ?').get(job)!)
    })
  }

  /** Notes that a run of the job began then. */
  start(job: string, timeMs: number): void {
    this.see(job)
    this.#database.write((database) => {
      database
        .prepare('update schedule_states set last_started = ? where job = ?')
        .run(new Date(timeMs).toISOString(), job)
    })
  }

  /** The job is not in the stack file any more; should it come back, it is a new one. */
  forget(job: string): void {
    this.#database.write((database) => {
      database.prepare('delete from schedule_states where job = ?').run(job)
    })
  }

  /** By job. */
  all(): Map<string, ScheduleState> {
    return this.#database.read((database) => {
      const rows = database.prepare('select * from schedule_states order by job').all()
      return new Map(rows.map((row) => [String(row['job']), stateFrom(row)]))
    })
  }
}

function stateFrom(row: Record<string, unknown>): ScheduleState {
  const { first_seen: firstSeen, last_started: lastStarted } = row as Record<
    'first_seen' | 'last_started',
    string | null
  >
  return { firstSeen: firstSeen!, ...(lastStarted === null ? {} : { lastStarted }) }
}
