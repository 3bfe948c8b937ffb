import { linesOf } from './lines-of.ts'

/** Well below what servers take in one statement unless they are told otherwise: 16 MiB. */
const LARGEST_STATEMENT = 900 * 1024

const BEGINNING = Buffer.from('INSERT INTO ')
const END = Buffer.from(');\n')
const COMMA = Buffer.from(',')
const STATEMENT_END = Buffer.from(';\n')
/** What names that the dump has quoted may look like; a backtick in one is doubled. */
const NAME = '`(?:[^`]|``)+`'
const INTO = new RegExp(`^INSERT INTO ${NAME}(?: \\(${NAME}(?:, ?${NAME})*\\))? VALUES (?=\\()`)

/**
 * Makes statements of many rows out of neighbouring ones of one row, which dumps have so that they deduplicate, and which
 * take twenty times as long to load. Everything else passes as it is.
 *
 * Memory is bounded by `largest` and the longest row.
 *
 * @param dump in which every row is a line, as `--skip-extended-insert` makes it: line ends in values are escaped
 * @param largest bytes of a statement of several rows (default 900 KiB)
 */
export async function* regroupRows(
  dump: AsyncIterable<Uint8Array>,
  largest: number = LARGEST_STATEMENT,
): AsyncGenerator<Buffer> {
  const rows = new RowGroup()
  for await (const lines of linesOf(dump)) {
    for (const line of lines) {
      const row = rows.rowIn(line)
      const isOver = row === undefined || !row.belongs || rows.bytes + row.values.length > largest
      if (isOver && !rows.isEmpty) yield rows.take()
      if (row === undefined) yield line
      else rows.add(row)
    }
  }
  if (!rows.isEmpty) yield rows.take()
}

interface Row {
  /** Of a statement: `INSERT INTO x VALUES `. */
  readonly into: Buffer
  /** In brackets. */
  readonly values: Buffer
  /** Goes into the same table as those that are gathered. */
  readonly belongs: boolean
}

class RowGroup {
  bytes = 0
  #into: Buffer = Buffer.alloc(0)
  #parts: Buffer[] = []

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  rowIn(line: Buffer): Row | undefined {
    if (!startsWith(line, BEGINNING) || !endsWith(line, END)) return undefined
    const belongs = this.#into.length > 0 && startsWith(line, this.#into)
    const into = belongs ? this.#into : intoOf(line)
    if (into === undefined) return undefined
    return { into, values: line.subarray(into.length, line.length - STATEMENT_END.length), belongs }
  }

  add({ into, values }: Row): void {
    if (this.isEmpty) {
      this.#into = into
      this.#parts.push(into)
      this.bytes = into.length
    } else this.#parts.push(COMMA)
    this.#parts.push(values)
    this.bytes += values.length + COMMA.length
  }

  take(): Buffer {
    const statement = Buffer.concat([...this.#parts, STATEMENT_END])
    this.#parts = []
    this.bytes = 0
    return statement
  }
}

/** `INSERT INTO x VALUES ` of a line that is a row; undefined for other lines. */
export function intoOf(line: Buffer): Buffer | undefined {
  const [into] = INTO.exec(line.toString('latin1')) ?? []
  return into === undefined ? undefined : Buffer.from(into, 'latin1')
}

function startsWith(line: Buffer, beginning: Buffer): boolean {
  return line.length >= beginning.length && line.compare(beginning, 0, beginning.length, 0, beginning.length) === 0
}

function endsWith(line: Buffer, end: Buffer): boolean {
  return line.length >= end.length && line.compare(end, 0, end.length, line.length - end.length) === 0
}
