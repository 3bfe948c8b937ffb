/** What the head of an archive of `pg_dump -Fc` says. */
export interface ArchiveHead {
  /** Of the format: `1.14`. */
  readonly version: string
  readonly isCompressed: boolean
  readonly intSize: number
  /** Versions of the server and of pg_dump, as they say it. */
  readonly server: string
  readonly program: string
  readonly items: readonly ArchiveItem[]
}

/** One thing in the table of contents. */
export interface ArchiveItem {
  readonly id: number
  /** `TABLE DATA`, `SEQUENCE SET`, … */
  readonly type: string
  readonly schema: string
  readonly name: string
  readonly definition: string
  readonly hasData: boolean
  readonly dependsOn: readonly number[]
}

/** Of the format, 1.12 to 1.16: PostgreSQL 10 to 18. */
const [OLDEST, NEWEST] = [112, 116]
const CUSTOM = 1
const NO_DATA = 3

/** The head goes on after what is there. */
export class HeadIncompleteError extends Error {
  override readonly name = 'HeadIncompleteError'
}

/** @throws {HeadIncompleteError} @throws {Error} it is no such archive */
export function readArchiveHead(bytes: Buffer): { readonly head: ArchiveHead; readonly length: number } {
  const reader = new HeadReader(bytes)
  if (reader.take(5).toString('latin1') !== 'PGDMP') throw new Error('it does not begin as an archive of pg_dump')
  const [major, minor] = [reader.byte(), reader.byte()]
  reader.byte() // revision
  reader.intSize = reader.byte()
  reader.offsetSize = reader.byte()
  const version = major * 100 + minor
  if (version < OLDEST || version > NEWEST) throw new Error(`its format is ${major}.${minor}, which is not known here`)
  if (reader.byte() !== CUSTOM) throw new Error('it is an archive of another form')
  const isCompressed = (version >= 115 ? reader.byte() : reader.int()) !== 0
  for (let field = 0; field < 7; field++) reader.int() // when it was made
  reader.text() // which database
  const [server, program] = [reader.text(), reader.text()]
  const items: ArchiveItem[] = []
  for (let left = reader.int(); left > 0; left--) items.push(readItem(reader, version))
  const head = { version: `${major}.${minor}`, isCompressed, intSize: reader.intSize, server, program, items }
  return { head, length: reader.at }
}

function readItem(reader: HeadReader, version: number): ArchiveItem {
  const id = reader.int()
  reader.int() // whether there was a dumper
  reader.text() // numbers of the catalogue
  reader.text()
  const [name, type] = [reader.text(), reader.text()]
  reader.int() // section
  const definition = reader.text()
  reader.text() // how to drop it
  reader.text() // how to copy it
  const schema = reader.text()
  reader.text() // tablespace
  if (version >= 114) reader.text() // access method
  if (version >= 116) reader.int() // kind of relation
  reader.text() // owner
  reader.text() // with oids
  const dependsOn: number[] = []
  for (let other = reader.textOrNone(); other !== undefined; other = reader.textOrNone()) dependsOn.push(Number(other))
  const hasData = reader.byte() !== NO_DATA
  reader.take(reader.offsetSize)
  return { id, type, schema, name, definition, hasData, dependsOn }
}

class HeadReader {
  intSize = 4
  offsetSize = 8
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  take(length: number): Buffer {
    const end = this.at + length
    if (end > this.#bytes.length) throw new HeadIncompleteError()
    const taken = this.#bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  byte(): number {
    return this.take(1)[0]!
  }

  int(): number {
    const sign = this.byte()
    const value = this.take(this.intSize).readUIntLE(0, Math.min(this.intSize, 6))
    return sign === 0 ? value : -value
  }

  textOrNone(): string | undefined {
    const length = this.int()
    return length < 0 ? undefined : this.take(length).toString()
  }

  text(): string {
    return this.textOrNone() ?? ''
  }
}
