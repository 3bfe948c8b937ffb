import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { InvalidInputError } from '../errors.ts'
import { baseName, childPath, parentPath, pathBytes, printablePath } from '../filesystem/byte-path.ts'
import { bytesOfText } from '../json/byte-string.ts'
import { isSystemError } from '../native/system-call-error.ts'

/** What the cache directory tagging specification asks for (§15). */
export const CACHE_TAG = 'CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55'

export interface TagFileWarning {
  /** Printable. */
  readonly path: string
  readonly reason: string
}

/**
 * Excludes what lies beside a tag file; the directory and the tag file itself are kept. A tag file that cannot be read
 * or lacks its header excludes nothing, and that is reported.
 */
export class TagFileRule {
  readonly #name: string
  readonly #header: string
  readonly #onWarning: (warning: TagFileWarning) => void
  /** The entries of one directory come one after the other, so one answer is worth remembering. */
  #directory: string | undefined
  #tagged = false

  /** @param rule `NAME` or `NAME:HEADER`, the bytes that the file must begin with; @throws {InvalidInputError} */
  constructor(rule: string, onWarning: (warning: TagFileWarning) => void) {
    const colon = rule.indexOf(':')
    this.#name = bytesOfText(colon === -1 ? rule : rule.slice(0, colon))
    this.#header = colon === -1 ? '' : bytesOfText(rule.slice(colon + 1))
    this.#onWarning = onWarning
    if (this.#name === '' || this.#name.includes('/')) {
      throw new InvalidInputError(`${JSON.stringify(rule)} does not name a file to look for`, {
        hint: 'give a file name, or a file name, a colon and the header the file must begin with',
      })
    }
  }

  excludes(path: string): boolean {
    if (baseName(path) === this.#name) return false
    const directory = parentPath(path)
    if (directory !== this.#directory) {
      this.#directory = directory
      this.#tagged = this.#isTagged(childPath(directory, this.#name))
    }
    return this.#tagged
  }

  #isTagged(path: string): boolean {
    try {
      lstatSync(pathBytes(path))
      if (this.#header === '' || startsWith(path, this.#header)) return true
      this.#onWarning({ path: printablePath(path), reason: 'it does not begin with the expected header' })
    } catch (error) {
      if (!isSystemError(error)) throw error
      if (error.code !== 'ENOENT') this.#onWarning({ path: printablePath(path), reason: error.message })
    }
    return false
  }
}

/** Whether a regular file begins with these bytes; a FIFO of that name is not waited for. */
function startsWith(path: string, header: string): boolean {
  const descriptor = openSync(pathBytes(path), constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(descriptor).isFile()) return false
    const start = Buffer.alloc(header.length)
    const length = readSync(descriptor, start, 0, start.length, 0)
    return start.toString('latin1', 0, length) === header
  } finally {
    closeSync(descriptor)
  }
}
