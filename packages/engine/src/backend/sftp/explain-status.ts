import { BackendError } from '../backend.ts'
import { hasStatus, type SftpStatusError } from './status.ts'
import type { FileSystemState } from './session.ts'

/** A write needs a little more than its content: folders grow. */
const SPARE_BYTES = 1024 * 1024

/** What is known about a refused request. */
export interface Refused {
  readonly error: SftpStatusError
  /** What was attempted, for instance `write pack 01234567`. */
  readonly doing: string
  readonly location: string
  /** The server's file system, where it tells: its plain failure has many reasons. */
  readonly fileSystem: FileSystemState | undefined
  /** Bytes that were to be written. */
  readonly neededBytes: number
}

/** Says in people's words what the server refused. */
export function explainStatus(refused: Refused): BackendError {
  const { reason, hint } = explanation(refused)
  return new BackendError(`cannot ${refused.doing} in ${refused.location}: ${reason}`, {
    hint,
    transient: hasStatus(refused.error, 'noConnection', 'connectionLost'),
    cause: refused.error,
  })
}

function explanation(refused: Refused): { reason: string; hint: string } {
  const { error, location, fileSystem, neededBytes } = refused
  const place = error.path ?? 'the file'
  if (hasStatus(error, 'permissionDenied')) {
    return {
      reason: `permission denied for ${place}`,
      hint: `the account on the server must own the files of ${location} and be allowed to create, rename and remove them (\`internal-sftp -P\` and read-only exports forbid it)`,
    }
  }
  if (hasStatus(error, 'noSuchFile')) {
    return { reason: `${place} is not there`, hint: 'check the path, and that the disk on the server is mounted' }
  }
  if (fileSystem?.isReadOnly) {
    return {
      reason: 'the file system on the server is read-only',
      hint: 'mount it writable on the server; a disk that became read-only by itself reports why in `dmesg`',
    }
  }
  if (fileSystem !== undefined && neededBytes > 0 && fileSystem.freeBytes < neededBytes + SPARE_BYTES) {
    return {
      reason: 'no space left on the disk of the server',
      hint: `free some space on the server (also look at \`df -i\` there), then run the same command again; what is stored is intact`,
    }
  }
  return {
    reason: `the server says ${JSON.stringify(error.message)} for ${place}`,
    hint: 'the server gives no reason: look at its disk, quota and logs',
  }
}
