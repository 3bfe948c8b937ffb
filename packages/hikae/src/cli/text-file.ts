import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { Io } from './context.ts'
import { errorMessage, UsageError } from '../errors.ts'

/** A file that an option names, whole. */
export interface NamedContent {
  /** For messages. */
  readonly name: string
  readonly content: Uint8Array
}

/** @throws {UsageError} it cannot be read */
export async function readTextFile(path: string): Promise<NamedContent> {
  try {
    return { name: path, content: await readFile(path) }
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error })
  }
}

/** As {@link readTextFile}, with `-` for standard input. */
export async function readTextFileOrStdin(path: string, io: Io): Promise<NamedContent> {
  return path === '-' ? { name: 'standard input', content: await buffer(io.stdin) } : readTextFile(path)
}
