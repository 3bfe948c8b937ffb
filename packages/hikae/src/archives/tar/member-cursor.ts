import { ArchiveError, DAMAGED_HINT } from '../archive-error.ts'
import { BLOCK_BYTES, isZero } from './header.ts'
import { memberContent } from './member-entry.ts'
import { memberPath } from './member-path.ts'
import { type ReadMember, readMember, type TarMember } from './member.ts'
import { NO_RECORDS, type PaxRecords } from './pax-records.ts'
import type { StreamBytes } from './stream-bytes.ts'

/** The member whose turn it is. */
export interface NextMember {
  readonly member: TarMember
  /** The components of its name. */
  readonly path: readonly string[]
}

/** Goes through the members of an archive that comes as a stream, to its proven end. */
export class MemberCursor {
  readonly #bytes: StreamBytes
  #at = 0
  #globals: PaxRecords = NO_RECORDS
  #next: NextMember | undefined
  #isAtEnd = false

  constructor(bytes: StreamBytes) {
    this.#bytes = bytes
  }

  /** Whether the mark of the end was read, and nothing came after it. */
  get isAtEnd(): boolean {
    return this.#isAtEnd
  }

  /**
   * Reads the headers of the next member, over what was not read of the one before.
   *
   * @returns undefined at the end
   * @throws {ArchiveError}
   */
  async peek(): Promise<NextMember | undefined> {
    if (this.#next || this.#isAtEnd) return this.#next
    const found = await readMember(this.#bytes, this.#at, this.#globals)
    if (!found) {
      await this.#proveEnd()
      return undefined
    }
    this.#enter(found)
    return this.#next
  }

  /** Goes on: the content of the member can be read until the next {@link MemberCursor.peek}. */
  take(): void {
    this.#next = undefined
  }

  content(member: TarMember): AsyncGenerator<Uint8Array, void, undefined> {
    return memberContent(this.#bytes, member)
  }

  #enter({ member, globals, next }: ReadMember): void {
    this.#next = { member, path: memberPath(member.name) }
    this.#globals = globals
    this.#at = next
  }

  /** A stream that was cut where a header would be looks like its end, but for the second of the two blocks. */
  async #proveEnd(): Promise<void> {
    if (!isZero(await this.#bytes.read(this.#at + BLOCK_BYTES, BLOCK_BYTES))) {
      throw new ArchiveError('the archive has no proper end', { hint: DAMAGED_HINT })
    }
    await this.#bytes.rest()
    this.#isAtEnd = true
  }
}
