import { closeSync, openSync, readSync } from 'node:fs'
import type { HeaderKind } from './tasks.ts'

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/** Whether a file is an SQLite database, by its first bytes. An empty file is one to SQLite: without tables. */
export function lookAtHeader(path: string): HeaderKind {
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(MAGIC.length)
    const length = readSync(file, start, 0, start.length, 0)
    if (length === 0) return 'empty'
    return start.equals(MAGIC) ? 'database' : 'other'
  } finally {
    closeSync(file)
  }
}
