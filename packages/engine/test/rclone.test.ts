import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe } from 'vitest'
import { openRcloneBackend } from '@hikae/engine'
import {
  describeBackend,
  makeTempDir,
  missingPrograms,
  NO_RCLONE_CONFIG,
  skipBecause,
  type ContractSubject,
} from '@hikae/testkit'
import { fileAt } from '../src/backend/layout.ts'

const noRclone = skipBecause(await missingPrograms('rclone'))
const env = { PATH: process.env['PATH'] ?? '', ...NO_RCLONE_CONFIG }

async function inLocalFolder(): Promise<ContractSubject> {
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const backend = owned.use(await openRcloneBackend({ remote: `:local:${dir.path}`, env }))
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

describe.skipIf(noRclone)('rclone over its stdin and stdout', () => {
  describeBackend('rclone', inLocalFolder)
})
