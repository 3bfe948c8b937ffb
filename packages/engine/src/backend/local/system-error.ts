import { BackendError } from '../backend.ts'

/** Whether the system refused a call with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string)
}

/** Whether this is a refusal of the operating system, and not an abort or a bug. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error
}

/** Trouble of network file systems and of a machine short of handles: waiting may help. */
const MAY_PASS = new Set([
  'EAGAIN',
  'EBUSY',
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EINTR',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOMEM',
  'ESTALE',
  'ETIMEDOUT',
])

/**
 * Says in people's words what the system refused.
 *
 * @param doing what was attempted, for instance `write pack 01234567`
 * @param root the repository
 */
export function explainSystemError(error: NodeJS.ErrnoException & { code: string }, doing: string, root: string) {
  const { reason, hint } = explanation(error.code, error.path ?? root, root)
  return new BackendError(`cannot ${doing} in ${root}: ${reason}`, {
    hint,
    transient: MAY_PASS.has(error.code),
    cause: error,
  })
}

function explanation(code: string, path: string, root: string): { reason: string; hint: string } {
  switch (code) {
    case 'ENOSPC':
      return {
        reason: 'no space left on its disk',
        hint: `free some space on the disk of ${root} (also look at \`df -i\`), then run the same command again; what is stored is intact`,
      }
    case 'EDQUOT':
      return {
        reason: 'the disk quota is used up',
        hint: `raise the quota of the owner of ${root} or free some space, then run the same command again`,
      }
    case 'EROFS':
      return {
        reason: 'its file system is read-only',
        hint: `mount the disk of ${root} writable; a disk that became read-only by itself reports why in \`dmesg\``,
      }
    case 'EACCES':
    case 'EPERM':
      return {
        reason: `permission denied for ${path}`,
        hint: `run as the user who owns ${root}, or give the files in it back to the user who runs this`,
      }
    case 'EIO':
      return {
        reason: `the disk failed at ${path}`,
        hint: 'look at `dmesg`, check the cable and the disk, and copy the repository to another disk while it can be read',
      }
    case 'ENOTDIR':
      return {
        reason: `a part of ${path} is a file, not a folder`,
        hint: `check that ${root} is the path of the repository's folder`,
      }
    case 'EISDIR':
      return {
        reason: `${path} is a folder where a file was expected`,
        hint: `move ${path} out of the repository`,
      }
    case 'EMFILE':
    case 'ENFILE':
      return {
        reason: 'too many files are open',
        hint: 'raise the limit of open files (`ulimit -n`)',
      }
    default:
      return {
        reason: `the system says ${code} for ${path}`,
        hint: `check that the disk of ${root} is there and healthy`,
      }
  }
}
