import { access, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { test } from 'vitest'
import { ownProcess } from '../../state/process-origin.ts'
import { StackFolders } from './run-folders.ts'

const DAY_S = 86_400

test('scratch of a command is left to it while it works, and tidied away after a kill', async ({ expect }) => {
  await using dir = await makeTempDir()
  const folders = new StackFolders(dir.path)
  const own = ownProcess()
  const leave = async (name: string, process: unknown, daysAgo = 0): Promise<void> => {
    await mkdir(dir.join(`scratch/${name}/uploads-x`), { recursive: true })
    await writeFile(dir.join(`scratch/${name}/process.json`), JSON.stringify(process))
    const then = Date.now() / 1000 - daysAgo * DAY_S
    await utimes(dir.join(`scratch/${name}`), then, then)
  }
  // The same number as ours, as each first process of a container has it.
  await leave('command-killed', { ...own, started: own.started! - 1 })
  await leave('command-elsewhere', { ...own, namespace: 'pid:[1]' })
  await leave('command-elsewhere-long-ago', { ...own, namespace: 'pid:[1]' }, 8)
  await mkdir(dir.join('scratch/20261121T201714Z-0000'), { recursive: true })
  {
    await using scratch = await folders.forCommand().scratch('uploads')
    const left = ['20261121T201714Z-0000', 'command-elsewhere-long-ago', 'command-killed']
    expect(await folders.runsWithScratch()).toEqual(left)
    await folders.removeLeftByCommands()
    await access(scratch.path)
    await folders.endCommand()
    await access(scratch.path)
  }
  await folders.endCommand()
  expect(await readdir(dir.join('scratch'))).toEqual(['20261121T201714Z-0000', 'command-elsewhere'])
})
