import type { StateDatabase } from './state-database.ts'

/** A source that a container brought when it was seen last. Times are ISO 8601 in UTC. */
export interface RememberedSource {
  readonly source: string
  readonly kind: string
  /** Names of the jobs that save it. */
  readonly jobs: readonly string[]
  /** Name of the container. */
  readonly container: string
  /** Before that nobody could save it. */
  readonly firstSeen: string
  readonly lastSeen: string
}

/** Which sources containers have brought: one that comes no more is not forgotten in silence. */
export class LabelledSources {
  readonly #database: StateDatabase
  readonly #clock: () => number

  constructor(database: StateDatabase, clock: () => number) {
    this.#database = database
    this.#clock = clock
  }

  /** Notes that these are there now. */
  see(sources: readonly Omit<RememberedSource, 'firstSeen' | 'lastSeen'>[]): void {
    const now = new Date(this.#clock()).toISOString()
    this.#database.write((database) => {
      const put = database.prepare(
        `insert into labelled_sources (source, kind, jobs, container, first_seen, last_seen) values (?, ?, ?, ?, ?, ?)
          on conflict do update set kind = excluded.kind, jobs = excluded.jobs, container = excluded.container,
            last_seen = excluded.last_seen`,
      )
      for (const { source, kind, jobs, container } of sources)
        put.run(source, kind, JSON.stringify(jobs), container, now, now)
    })
  }

  /** Nobody waits for these any more; should one come back, it is a new one. */
  forget(sources: readonly string[]): void {
    this.#database.write((database) => {
      const remove = database.prepare('delete from labelled_sources where source = ?')
      for (const source of sources) remove.run(source)
    })
  }

  /** By name. */
  all(): readonly RememberedSource[] {
    return this.#database.read((database) =>
      database
        .prepare('select * from labelled_sources order by source')
        .all()
        .map((row) => ({
          source: String(row['source']),
          kind: String(row['kind']),
          jobs: JSON.parse(String(row['jobs'])) as string[],
          container: String(row['container']),
          firstSeen: String(row['first_seen']),
          lastSeen: String(row['last_seen']),
        })),
    )
  }
}
