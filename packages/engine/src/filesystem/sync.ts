import { closeSync, constants, openSync } from 'node:fs'
import { lastError, nativeFunction } from '../native/libc.ts'
import { pathBytes } from './byte-path.ts'

/** Waits until everything written to the file system that holds `path` is on its disk. Throws system errors. */
export function syncFileSystem(path: string): void {
  const descriptor = openSync(pathBytes(path), constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (syncfs()(descriptor) !== 0) throw lastError('syncfs', path)
  } finally {
    closeSync(descriptor)
  }
}

const syncfs = nativeFunction<(descriptor: number) => number>('syncfs', 'int', ['int'])
