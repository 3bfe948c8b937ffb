import { DamagedError } from '../errors.ts'
import { booleanField, fieldsOf, numberField, parseFields, textField } from '../json/fields.ts'
import { encodeGoString } from '../json/go-string.ts'
import { isTime } from '../json/go-time.ts'
import type { LockOrigin } from './lock-origin.ts'

/** A file of `locks/` (§13). */
export interface LockFile {
  /** When the lock was made or last refreshed; RFC 3339. */
  readonly time: string
  readonly exclusive: boolean
  readonly hostname: string
  readonly username: string
  readonly pid: number
  /** Absent for root and where users have no numbers. */
  readonly uid?: number
  readonly gid?: number
  /** In locks of our own, where the system tells; restic passes over the key `hikae`. */
  readonly origin?: LockOrigin
}

const MAX_U32 = 0xffff_ffff

/** The plaintext of a lock file. */
export function encodeLock(lock: LockFile): Buffer {
  const uid = lock.uid ? `,"uid":${lock.uid}` : ''
  const gid = lock.gid ? `,"gid":${lock.gid}` : ''
  const origin = lock.origin ? `,"hikae":${JSON.stringify(lock.origin)}` : ''
  return Buffer.from(
    `{"time":"${lock.time}","exclusive":${lock.exclusive},"hostname":${encodeGoString(lock.hostname)}` +
      `,"username":${encodeGoString(lock.username)},"pid":${lock.pid}${uid}${gid}${origin}}`,
  )
}

/**
 * @param plaintext the decrypted and decompressed file
 * @throws {DamagedError} not a lock, or one without a time
 */
export function decodeLock(plaintext: Uint8Array): LockFile {
  const fields = parseFields(plaintext, 'the lock file')
  const time = textField(fields['time'], 'the time of the lock')
  if (!isTime(time)) throw new DamagedError(`the time of the lock, ${JSON.stringify(time)}, is not a time`)
  const uid = numberField(fields['uid'], 'the uid of the lock', MAX_U32)
  const gid = numberField(fields['gid'], 'the gid of the lock', MAX_U32)
  const origin = decodeOrigin(fields['hikae'])
  return {
    time,
    exclusive: booleanField(fields['exclusive'], 'the exclusiveness of the lock'),
    hostname: textField(fields['hostname'], 'the host name of the lock'),
    username: textField(fields['username'], 'the user name of the lock'),
    pid: numberField(fields['pid'], 'the process id of the lock'),
    ...(uid === 0 ? {} : { uid }),
    ...(gid === 0 ? {} : { gid }),
    ...(origin ? { origin } : {}),
  }
}

/** What another version may have written in its own way is as good as nothing. */
function decodeOrigin(value: unknown): LockOrigin | undefined {
  if (value === undefined || value === null) return undefined
  try {
    const fields = fieldsOf(value, 'the origin of the lock')
    const text = (name: string): string => textField(fields[name], `the ${name} of the lock`)
    const [boot, namespaces, machine] = [text('boot'), text('namespaces'), text('machine')]
    const started = numberField(fields['started'], 'the start of the process that holds the lock')
    if (boot === '' || namespaces === '') return undefined
    return { boot, namespaces, started, ...(machine === '' ? {} : { machine }) }
  } catch (error) {
    if (error instanceof DamagedError) return undefined
    throw error
  }
}
