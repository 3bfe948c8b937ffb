import { addressOf, nativeFunction } from '../native/libc.ts'
import { SystemCallError } from '../native/system-call-error.ts'
import { textOf } from './byte-path.ts'

const users = new Map<number, string | undefined>()
const groups = new Map<number, string | undefined>()

/**
 * The name of a user id as the system knows it, LDAP and the like included; undefined when it has none. Asked once for
 * each id and then remembered.
 *
 * @throws {SystemCallError} the user database cannot be read
 */
export function userName(uid: number): string | undefined {
  return remembered(users, uid, () => lookUp(getpwuid(), 'getpwuid', uid))
}

/** The same for a group id. */
export function groupName(gid: number): string | undefined {
  return remembered(groups, gid, () => lookUp(getgrgid(), 'getgrgid', gid))
}

function remembered(
  names: Map<number, string | undefined>,
  id: number,
  find: () => string | undefined,
): string | undefined {
  if (!names.has(id)) names.set(id, find())
  return names.get(id)
}

/** Bytes of a `struct passwd` or `struct group`, rounded up; both begin with a pointer to the name. */
const RECORD_BYTES = 64
/** A group may have many members, whose names need room too. */
const MOST_TEXT_BYTES = 1 << 24
const ERANGE = 34
/** What C libraries answer for an unknown id beside 0: ENOENT, ESRCH, EBADF, EPERM (see getpwuid(3)). */
const NOT_FOUND: ReadonlySet<number> = new Set([0, 1, 2, 3, 9])

function lookUp(call: LookUp, name: string, id: number): string | undefined {
  const record = Buffer.alloc(RECORD_BYTES)
  const result = Buffer.alloc(8)
  for (let size = 1024; size <= MOST_TEXT_BYTES; size *= 4) {
    const text = Buffer.alloc(size)
    const errno = call(id, record, text, size, result)
    if (errno === ERANGE) continue
    if (!NOT_FOUND.has(errno)) throw new SystemCallError(errno, name)
    return result.readBigUInt64LE() === 0n ? undefined : firstString(record, text)
  }
  throw new SystemCallError(ERANGE, name)
}

/** The C string that the record's first pointer leads to; it lies in `text`. */
function firstString(record: Buffer, text: Buffer): string {
  const start = Number(record.readBigUInt64LE() - addressOf(text))
  return textOf(text.toString('latin1', start, text.indexOf(0, start)))
}

type LookUp = (id: number, record: Uint8Array, text: Uint8Array, size: number, result: Uint8Array) => number
const PARAMETERS = ['uint32_t', 'uint8_t *', 'uint8_t *', 'size_t', 'uint8_t *']
const getpwuid = nativeFunction<LookUp>('getpwuid_r', 'int', PARAMETERS)
const getgrgid = nativeFunction<LookUp>('getgrgid_r', 'int', PARAMETERS)
