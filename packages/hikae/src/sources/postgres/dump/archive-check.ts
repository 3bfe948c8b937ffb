import { type ArchiveHead, type ArchiveItem, HeadIncompleteError, readArchiveHead } from './archive-head.ts'

/** A head longer than this is none. */
const LONGEST_HEAD = 256 * 1024 * 1024
const [DATA, LARGE_OBJECTS] = [1, 3]
const NEWLINE = 0x0a
/** What pg_dump puts behind the last row: `\.` and three ends of line. */
const LINES_AFTER_ROWS = 3

export interface CheckedArchive {
  readonly head: ArchiveHead
  readonly bytes: number
  /** By number in the table of contents; absent where the archive is compressed. */
  readonly rows: ReadonlyMap<number, number>
  readonly largeObjects: number
}

/**
 * Follows an archive of `pg_dump -Fc` while it streams by: whether it has its table of contents and every block that this
 * names, to its end. Counts the rows of each table on the way. Memory is that of the table of contents.
 */
export class ArchiveCheck {
  #headParts: Buffer[] = []
  #headBytes = 0
  #nextTry = 4096
  #head: ArchiveHead | undefined
  #items = new Map<number, ArchiveItem>()
  #bytes = 0
  #state: 'block' | 'id' | 'length' | 'object' | 'content' = 'block'
  #number: number[] = []
  #left = 0
  #kind = 0
  #item: ArchiveItem | undefined
  #lines = 0
  #largeObjects = 0
  readonly #rows = new Map<number, number>()
  readonly #seen = new Set<number>()

  /** @throws {Error} it is no such archive, or a damaged one */
  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (this.#head !== undefined) this.#follow(chunk)
    else this.#collectHead(chunk)
  }

  /** @throws {Error} it breaks off, or lacks something */
  end(): CheckedArchive {
    if (this.#head === undefined) this.#tryHead(true)
    if (this.#state !== 'block' || this.#number.length > 0) throw new Error('it breaks off')
    const head = this.#head!
    const missing = head.items.find(({ id, hasData }) => hasData && !this.#seen.has(id))
    if (missing) throw new Error(`the content of ${missing.schema}.${missing.name} (${missing.type}) is not in it`)
    return { head, bytes: this.#bytes, rows: this.#rows, largeObjects: this.#largeObjects }
  }

  #collectHead(chunk: Buffer): void {
    this.#headParts.push(chunk)
    this.#headBytes += chunk.length
    if (this.#headBytes < this.#nextTry) return
    if (this.#headBytes > LONGEST_HEAD) throw new Error('its table of contents has no end')
    this.#nextTry = this.#headBytes * 2
    this.#tryHead(false)
  }

  #tryHead(isAll: boolean): void {
    const bytes = Buffer.concat(this.#headParts)
    this.#headParts = [bytes]
    try {
      const { head, length } = readArchiveHead(bytes)
      this.#head = head
      this.#headParts = []
      this.#items = new Map(head.items.map((item) => [item.id, item]))
      this.#follow(bytes.subarray(length))
    } catch (error) {
      if (!(error instanceof HeadIncompleteError)) throw error
      if (isAll) throw new Error('it breaks off in its table of contents', { cause: error })
    }
  }

  #follow(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'content') {
        const end = Math.min(chunk.length, at + this.#left)
        if (this.#item !== undefined) this.#countLines(chunk, at, end)
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = 'length'
      } else if (this.#state === 'block') {
        this.#beginBlock(chunk[at]!)
        at++
      } else {
        at = this.#readNumber(chunk, at)
      }
    }
  }

  #beginBlock(kind: number): void {
    if (kind !== DATA && kind !== LARGE_OBJECTS) throw new Error(`it has a block of the kind ${kind}, which is unknown`)
    this.#kind = kind
    this.#state = 'id'
  }

  #readNumber(chunk: Buffer, at: number): number {
    const size = this.#head!.intSize + 1
    if (this.#number.length === 0 && at + size <= chunk.length && size === 5) {
      const value = chunk.readUInt32LE(at + 1)
      this.#take(chunk[at] === 0 ? value : -value)
      return at + size
    }
    this.#number.push(chunk[at]!)
    if (this.#number.length === size) {
      const [sign, ...digits] = this.#number.splice(0)
      const value = digits.reduceRight((sum, digit) => sum * 256 + digit, 0)
      this.#take(sign === 0 ? value : -value)
    }
    return at + 1
  }

  #take(value: number): void {
    if (value < 0) throw new Error('it has a negative length in it')
    switch (this.#state) {
      case 'id': {
        const item = this.#items.get(value)
        if (item === undefined) throw new Error('it has a block that its table of contents does not name')
        this.#seen.add(value)
        this.#item = item.type === 'TABLE DATA' && !this.#head!.isCompressed ? item : undefined
        this.#lines = 0
        this.#state = this.#kind === LARGE_OBJECTS ? 'object' : 'length'
        return
      }
      case 'object':
        if (value !== 0) this.#largeObjects++
        this.#state = value === 0 ? 'block' : 'length'
        return
      default:
        this.#left = value
        this.#state = value === 0 ? this.#afterContent() : 'content'
    }
  }

  #afterContent(): 'block' | 'object' {
    if (this.#kind === LARGE_OBJECTS) return 'object'
    if (this.#item !== undefined) this.#rows.set(this.#item.id, Math.max(0, this.#lines - LINES_AFTER_ROWS))
    return 'block'
  }

  #countLines(chunk: Buffer, from: number, end: number): void {
    for (let at = chunk.indexOf(NEWLINE, from); at !== -1 && at < end; at = chunk.indexOf(NEWLINE, at + 1)) {
      this.#lines++
    }
  }
}

/** Passes an archive on, and looks at it. */
export async function* checkedArchive(
  content: AsyncIterable<Uint8Array>,
  check: ArchiveCheck,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of content) {
    check.push(bytes)
    yield bytes
  }
}
