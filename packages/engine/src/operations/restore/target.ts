import { accessSync, constants, mkdirSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KnownError } from '../../errors.ts'
import { bytesOfText } from '../../json/byte-string.ts'
import { isSystemError } from '../../native/system-call-error.ts'

/** Nothing can be restored into the directory that was named. */
export class TargetError extends KnownError {
  override readonly name = 'TargetError'
  readonly code = 'RESTORE_TARGET'
}

/** The target's file system has no room for what is to be restored, or ran out of it. */
export class TargetFullError extends KnownError {
  override readonly name = 'TargetFullError'
  readonly code = 'RESTORE_TARGET_FULL'
}

export interface Target {
  /** Absolute byte string without a slash at its end; empty for `/`. */
  readonly path: string
  /** The same for Node's functions and for people. */
  readonly text: string
  readonly exists: boolean
}

/**
 * Finds the target; one that is a symlink to a directory is followed. Changes nothing.
 *
 * @throws {TargetError} it is not a directory, or may not be written to
 */
export function findTarget(target: string): Target {
  const absolute = resolve(target)
  const found = attempt(absolute, () => statSync(absolute, { throwIfNoEntry: false }))
  if (found === undefined) return { ...paths(absolute), exists: false }
  if (!found.isDirectory()) {
    throw new TargetError(`${absolute} is not a directory`, {
      hint: 'choose a directory, or one that is not there yet',
    })
  }
  attempt(absolute, () => accessSync(absolute, constants.R_OK | constants.W_OK | constants.X_OK))
  return { ...paths(attempt(absolute, () => realpathSync(absolute))), exists: true }
}

/** Makes the target, and what it lies in, for its owner alone. @throws {TargetError} */
export function makeTarget({ text, exists }: Target): void {
  if (!exists) attempt(text, () => mkdirSync(text, { recursive: true, mode: 0o700 }))
}

/** File systems that may hold more than their free space says, because they compress: btrfs, ZFS, bcachefs. */
const COMPRESSING = new Set([0x9123683e, 0x2fc12fc1, 0xca451a4e])

/**
 * Bytes that can certainly not be exceeded; undefined when the file system does not say anything certain.
 *
 * @param privileged what is reserved for root counts too
 */
export function freeBytes({ text }: Target, privileged: boolean): number | undefined {
  let place = text
  while (statSync(place, { throwIfNoEntry: false }) === undefined) place = dirname(place)
  const { type, bfree, bavail, bsize, blocks } = statfsSync(place)
  if (COMPRESSING.has(type) || blocks === 0) return undefined
  return (privileged ? bfree : bavail) * bsize
}

function paths(absolute: string): { path: string; text: string } {
  return { path: absolute === '/' ? '' : bytesOfText(absolute), text: absolute }
}

function attempt<Result>(target: string, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new TargetError(`cannot restore into ${target}: ${REASONS[error.code] ?? error.message}`, {
      hint: 'choose another target, or run as a user who may write there',
      cause: error,
    })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'part of the path is not a directory',
  ELOOP: 'the path leads through too many symlinks',
  ENAMETOOLONG: 'the path is too long',
}
