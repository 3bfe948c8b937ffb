import { open } from 'node:fs/promises'

/** Spoils the second page of a database: SQLite opens it, and its check says what is wrong. */
export async function damage(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.write(Buffer.alloc(64, 0x5a), 0, 64, 4096)
}
