import { access, mkdir } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { test } from 'vitest'
import { StackFolders } from './run-folders.ts'

/** No process has this number: it is more than Linux allows. */
const GONE = 99_999_999

test('scratch of a command is left to it while it works, and tidied away after a kill', async ({ expect }) => {
  await using dir = await makeTempDir()
  const folders = new StackFolders(dir.path)
  await using scratch = await folders.forCommand().scratch('uploads')
  await mkdir(dir.join(`scratch/command-${GONE}/uploads-x`), { recursive: true })
  await mkdir(dir.join('scratch/20261121T201714Z-0000'), { recursive: true })
  expect((await folders.runsWithScratch()).toSorted()).toEqual(['20261121T201714Z-0000', `command-${GONE}`])
  await access(scratch.path)
})
