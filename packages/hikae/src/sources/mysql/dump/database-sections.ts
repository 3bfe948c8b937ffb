import { intoOf } from '../sql/regroup-rows.ts'
import { linesOf } from '../sql/lines-of.ts'
import { quotedName } from '../sql/quoted.ts'
import { MysqlError } from '../server/mysql-error.ts'

const COMMENT = Buffer.from('-- ')
const ROW = Buffer.from('INSERT INTO ')
const TABLE = /^CREATE TABLE `((?:[^`]|``)+)` \($/
const POSITION = /^-- (?:CHANGE (?:MASTER|REPLICATION SOURCE) TO|SET GLOBAL gtid_slave_pos=) ?(.*);$/
const END_MARK = '-- Dump completed'

/** The dump of several databases, one after the other, taken apart; nothing of it is held for longer than a part. */
export class DatabaseSections {
  /** Where in the binary log the moment of the dump is. */
  position: string | undefined
  readonly #lines: AsyncGenerator<Buffer[]>
  readonly #databases: readonly string[]
  #pending: readonly Buffer[] = []
  #header = Buffer.alloc(0)
  #next = 0
  #lastLine = ''

  constructor(dump: AsyncIterable<Uint8Array>, databases: readonly string[]) {
    this.#lines = linesOf(dump)
    this.#databases = databases
  }

  /** Returns when the dump's moment is settled: its transaction has begun before any of this is printed. */
  async begin(): Promise<void> {
    const header: Buffer[] = []
    const positions: string[] = []
    for await (const line of this.#until(this.#beginningOf(0))) {
      const [, position] = POSITION.exec(line.toString().trimEnd()) ?? []
      if (position !== undefined) positions.push(position)
      // Comments have in them what differs from day to day.
      if (!startsWith(line, COMMENT)) header.push(line)
    }
    this.position = positions.length === 0 ? undefined : positions.join('; ')
    this.#header = Buffer.concat(header)
  }

  /**
   * The statements for one database, without its name; in the order of the dump.
   *
   * @param rows filled with the number of rows of each table
   */
  async *section(database: string, rows: Map<string, number>): AsyncGenerator<Buffer> {
    if (this.#databases[this.#next] !== database) throw new Error(`${database} is not the next one in the dump`)
    this.#next++
    const header = this.#header
    yield header
    const counter = new RowCounter(rows)
    for await (const lines of this.#parts(this.#beginningOf(this.#next))) {
      for (const line of lines) counter.see(line)
      if (lines.length > 0) yield Buffer.concat(lines)
    }
  }

  /** @throws {MysqlError} the dump is not whole */
  refuseCut(): void {
    if (this.#lastLine.startsWith(END_MARK)) return
    throw new MysqlError('the dump is not whole: it does not end with `-- Dump completed`', {
      hint: 'see the log of the server, and try again',
    })
  }

  #beginningOf(number: number): Buffer | undefined {
    const name = this.#databases[number]
    return name === undefined ? undefined : Buffer.from(`USE ${quotedName(name)};\n`)
  }

  async *#until(end: Buffer | undefined): AsyncGenerator<Buffer> {
    for await (const lines of this.#parts(end)) yield* lines
  }

  /** Lines up to one, which is taken too. */
  async *#parts(end: Buffer | undefined): AsyncGenerator<readonly Buffer[]> {
    for (;;) {
      const lines = this.#pending.length > 0 ? this.#pending : (await this.#lines.next()).value
      this.#pending = []
      if (lines === undefined || lines.length === 0) {
        if (end === undefined) return
        throw new MysqlError(`the dump has ended before ${end.toString().trim()}`, { hint: 'try again' })
      }
      const at = end === undefined ? -1 : lines.findIndex((line: Buffer) => line.equals(end))
      this.#lastLine = lines.at(-1)!.subarray(0, 80).toString()
      if (at === -1) {
        yield lines
        continue
      }
      this.#pending = lines.slice(at + 1)
      yield lines.slice(0, at)
      return
    }
  }
}

class RowCounter {
  readonly #rows: Map<string, number>
  #into: Buffer | undefined
  #table = ''

  constructor(rows: Map<string, number>) {
    this.#rows = rows
  }

  see(line: Buffer): void {
    if (this.#into !== undefined && startsWith(line, this.#into)) {
      this.#rows.set(this.#table, this.#rows.get(this.#table)! + 1)
      return
    }
    if (startsWith(line, ROW)) {
      this.#into = intoOf(line)
      if (this.#into === undefined) return
      this.#table = unquoted(/`((?:[^`]|``)+)`/.exec(this.#into.toString())![1]!)
      this.#rows.set(this.#table, (this.#rows.get(this.#table) ?? 0) + 1)
      return
    }
    // `C` of CREATE: few lines begin like that.
    if (line[0] !== 0x43) return
    const [, name] = TABLE.exec(line.toString().trimEnd()) ?? []
    if (name !== undefined) this.#rows.set(unquoted(name), 0)
  }
}

function unquoted(name: string): string {
  return name.replaceAll('``', '`')
}

function startsWith(line: Buffer, beginning: Buffer): boolean {
  return line.length >= beginning.length && line.compare(beginning, 0, beginning.length, 0, beginning.length) === 0
}
