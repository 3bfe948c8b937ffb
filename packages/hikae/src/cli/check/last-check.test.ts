import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test as base } from 'vitest'
import { statePath } from '../state/state-file.ts'
import { latestCheck, passedChecks, rememberCheck } from './last-check.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('env', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'hikae-check-'))
  onCleanup(() => rm(folder, { recursive: true }))
  return { XDG_STATE_HOME: folder }
})

const ID = 'ab'.repeat(32)
const DAY_MS = 86_400_000

test('each kind of check is remembered, and the latest of them is known', async ({ env }) => {
  expect(latestCheck(await passedChecks(env, ID))).toBeUndefined()
  await rememberCheck(env, ID, 'all', DAY_MS)
  await rememberCheck(env, ID, 'structure', 3 * DAY_MS)
  await rememberCheck(env, ID, 'structure', 2 * DAY_MS)
  const passed = await passedChecks(env, ID)
  expect(passed).toEqual({ all: '1970-01-02T00:00:00.000Z', structure: '1970-01-03T00:00:00.000Z' })
  expect(latestCheck(passed)).toEqual({ kind: 'structure', time: '1970-01-03T00:00:00.000Z' })
  expect(await passedChecks(env, 'cd'.repeat(32))).toEqual({})
  expect((await stat(statePath(env, 'check', ID))).mode & 0o777).toBe(0o600)
})

test.for(['', '{', '{"version":2,"passed":{}}', '{"version":1,"passed":{"all":"yesterday"}}', 'null'])(
  'a file that holds %j counts as none, and is replaced',
  async (content, { env }) => {
    const path = statePath(env, 'check', ID)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    expect(await passedChecks(env, ID)).toEqual({})
    await rememberCheck(env, ID, 'part', 0)
    expect(await passedChecks(env, ID)).toEqual({ part: '1970-01-01T00:00:00.000Z' })
  },
)
