import type { StateDatabase } from './state-database.ts'
import type { JsonValue } from './step-facts.ts'

/** What alerts remember: who was told of what, and when. A value for each key, in their own words. */
export class AlertStates {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  get(key: string): JsonValue | undefined {
    return this.#database.read((database) => {
      const row = database.prepare('select value from alert_states where key = ?').get(key)
      return row === undefined ? undefined : (JSON.parse(String(row['value'])) as JsonValue)
    })
  }

  set(key: string, value: JsonValue): void {
    this.#database.write((database) => {
      database
        .prepare('insert into alert_states (key, value) values (?, ?) on conflict do update set value = excluded.value')
        .run(key, JSON.stringify(value))
    })
  }

  /** Harmless when there is none. */
  remove(key: string): void {
    this.#database.write((database) => {
      database.prepare('delete from alert_states where key = ?').run(key)
    })
  }

  /** By key. */
  all(): Map<string, JsonValue> {
    return this.#database.read((database) => {
      const rows = database.prepare('select key, value from alert_states order by key').all()
      return new Map(rows.map((row) => [String(row['key']), JSON.parse(String(row['value'])) as JsonValue]))
    })
  }
}
