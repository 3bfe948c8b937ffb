import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { printablePath } from '../filesystem/byte-path.ts'

/** A failed system call, shaped like the errors that Node's own file functions throw: look at `code`. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  /** For instance `ENOENT`. */
  readonly code: string
  /** Negative, as in Node's errors. */
  readonly errno: number
  readonly syscall: string
  /** Printable, not for opening. */
  readonly path: string | undefined

  constructor(errno: number, syscall: string, path?: string) {
    const [code, message] = getSystemErrorMap().get(-errno) ?? [codeOf(errno), `error ${errno}`]
    super(`${code}: ${message}, ${syscall}${path === undefined ? '' : ` '${printablePath(path)}'`}`)
    this.code = code
    this.errno = -errno
    this.syscall = syscall
    this.path = path === undefined ? undefined : printablePath(path)
  }
}

/** An error of the operating system, thrown by Node or by a native call. */
export interface SystemError extends Error {
  readonly code: string
  readonly syscall: string
}

/** Tells trouble with the world from trouble with the program. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error
}

/** The `code` of a system error, for instance `ENOENT`; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return isSystemError(error) ? error.code : undefined
}

/** Numbers that Node's own list lacks, such as EDQUOT. */
function codeOf(errno: number): string {
  const known = Object.entries(constants.errno).find(([, number]) => number === errno)
  return known?.[0] ?? `E${errno}`
}
