import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempDir extends AsyncDisposable {
  readonly path: string
  /** A path inside; nothing is created. */
  join(...parts: string[]): string
}

/** An empty folder of one's own, gone with its content at the end of the block: `await using dir = await makeTempDir()`. */
export async function makeTempDir(parent = tmpdir()): Promise<TempDir> {
  const path = await mkdtemp(join(parent, 'hikae-test-'))
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  }
}
