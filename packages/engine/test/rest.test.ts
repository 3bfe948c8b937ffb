import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe } from 'vitest'
import { openRestBackend } from '@hikae/engine'
import {
  describeBackend,
  makeTempDir,
  missingPrograms,
  skipBecause,
  startRcloneRest,
  type ContractSubject,
} from '@hikae/testkit'
import { fileAt } from '../src/backend/layout.ts'

const noRclone = skipBecause(await missingPrograms('rclone'))

async function behindRclone(): Promise<ContractSubject> {
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const server = owned.use(await startRcloneRest({ folder: dir.path }))
  const backend = owned.use(await openRestBackend({ url: server.url }))
  const stack = owned.move()
  return {
    backend,
    writesInPlace: true,
    addStray: async (kind, name) => {
      const path = fileAt(dir.path, kind, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, 'stray')
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

describe.skipIf(noRclone)('against rclone', () => {
  describeBackend('REST', behindRclone)
})
