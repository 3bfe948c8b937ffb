import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test as base, vi } from 'vitest'
import type { PackId } from '@hikae/engine'
import { statePath } from '../state/state-file.ts'
import { ReadMemory } from './read-memory.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('path', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'hikae-memory-'))
  onCleanup(() => rm(folder, { recursive: true }))
  return statePath({ XDG_STATE_HOME: folder }, 'read', 'ab'.repeat(32))
})

const packs = ['01', 'a7', 'ff'].map((byte) => byte.repeat(32) as PackId)

const fail = (error: unknown): never => {
  throw error
}

/** Remembers three packs. */
async function remember(path: string): Promise<void> {
  await using memory = await ReadMemory.open(path, fail)
  for (const [at, pack] of packs.entries()) memory.times.set(pack, 1_700_000_000_000 + at)
}

afterEach(() => {
  vi.useRealTimers()
})

test('what was read is remembered, readable by its owner alone', async ({ path }) => {
  await remember(path)
  await using memory = await ReadMemory.open(path, fail)
  expect([...memory.times]).toEqual(packs.map((pack, at) => [pack, 1_700_000_000_000 + at]))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700)
  expect(await readdir(dirname(path))).toEqual(['ab'.repeat(32)])
})

test('a damaged file is as good as none, wherever it is damaged', async ({ path }) => {
  await remember(path)
  const whole = await readFile(path)
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole)
    damaged[at]! ^= 1
    await writeFile(path, damaged)
    await using memory = await ReadMemory.open(path, fail)
    expect([...memory.times], `byte ${at}`).toEqual([])
  }
  for (const length of [0, 5, 40, whole.length - 1]) {
    await writeFile(path, whole)
    await truncate(path, length)
    await using memory = await ReadMemory.open(path, fail)
    expect([...memory.times], `${length} bytes`).toEqual([])
  }
})

test('it is saved every minute, so that a killed check loses little', async ({ path }) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await using memory = await ReadMemory.open(path, fail)
  memory.times.set(packs[0]!, 1)
  await vi.advanceTimersByTimeAsync(60_000)
  await vi.waitFor(async () => {
    const other = await ReadMemory.open(path, fail)
    expect([...other.times]).toEqual([[packs[0], 1]])
  })
})

test('a place that cannot be written to is told, and the check goes on', async ({ path }) => {
  await mkdir(dirname(dirname(path)), { recursive: true })
  await writeFile(dirname(path), 'a file where the folder should be')
  const failures: unknown[] = []
  {
    await using memory = await ReadMemory.open(path, (error) => failures.push(error))
    memory.times.set(packs[0]!, 1)
  }
  expect(failures).toHaveLength(2)
})

test('the folder is where the system wants state to be', () => {
  expect(statePath({}, 'read', 'id')).toMatch(/\/\.local\/state\/hikae\/read\/id$/)
  expect(statePath({ XDG_STATE_HOME: '/var/state' }, 'read', 'id')).toBe('/var/state/hikae/read/id')
})
