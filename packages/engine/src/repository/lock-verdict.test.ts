import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { formatTime } from '../json/go-time.ts'
import type { LockFile } from './lock-file.ts'
import { isRunning, type LockOrigin, ownOrigin } from './lock-origin.ts'
import { judgeLock } from './lock-verdict.ts'

const MINUTE_MS = 60_000
const NOW = Date.UTC(2024, 1, 1)

const origin: LockOrigin = { boot: 'boot', namespaces: 'pid:[1]', started: 12, machine: 'machine' }

function lockOf(ageMs: number, fields: Partial<LockFile> = {}): LockFile {
  const time = formatTime(BigInt(NOW - ageMs) * 1_000_000n)
  return { time, exclusive: true, hostname: 'elsewhere', username: 'eve', pid: 12, ...fields }
}

function judge(lock: LockFile, storedAgeMs?: number, own: LockOrigin | undefined = origin): string {
  const storedAtMs = storedAgeMs === undefined ? undefined : NOW - storedAgeMs
  return judgeLock({ lock, storedAtMs }, { nowMs: NOW, origin: own })
}

/** A process id that nobody has any more. */
const goneProcess = (): number => spawnSync(process.execPath, ['--version']).pid

describe('a lock of which only times are known', () => {
  test('may be dead after half an hour, and not before', () => {
    expect(judge(lockOf(29 * MINUTE_MS))).toBe('held')
    expect(judge(lockOf(31 * MINUTE_MS))).toBe('overdue')
  })

  test('is held when its time lies in the future, near or far', () => {
    expect(judge(lockOf(-MINUTE_MS))).toBe('held')
    expect(judge(lockOf(-1e6 * MINUTE_MS))).toBe('held')
  })

  test('is held when only the clock of its holder is behind: the storage saw it just now', () => {
    expect(judge(lockOf(120 * MINUTE_MS), MINUTE_MS)).toBe('held')
    expect(judge(lockOf(120 * MINUTE_MS), 120 * MINUTE_MS)).toBe('overdue')
  })

  test('is held when the clock of the storage is behind: the holder says otherwise', () => {
    expect(judge(lockOf(MINUTE_MS), 120 * MINUTE_MS)).toBe('held')
  })

  test('is not judged by its host name and process id: two containers can share both', () => {
    expect(judge(lockOf(MINUTE_MS, { pid: goneProcess() }))).toBe('held')
  })
})

describe('a lock with its origin', () => {
  const own = ownOrigin()!

  test('is held as long as its process runs, however old it is', () => {
    const lock = lockOf(120 * MINUTE_MS, { pid: process.pid, origin: own })
    expect(judge(lock, undefined, own)).toBe('held')
  })

  test('is dead when there is no such process any more, however young it is, and also in the future', () => {
    const lock = lockOf(0, { pid: goneProcess(), origin: own })
    expect(judge(lock, undefined, own)).toBe('process-ended')
    expect(judge({ ...lock, time: lockOf(-60 * MINUTE_MS).time }, undefined, own)).toBe('process-ended')
  })

  test('is dead when the process of that number is another one', () => {
    const lock = lockOf(0, { pid: process.pid, origin: { ...own, started: own.started - 1 } })
    expect(judge(lock, undefined, own)).toBe('process-ended')
  })

  test('of another container says nothing about our processes', () => {
    const lock = lockOf(0, { pid: goneProcess(), origin: { ...own, namespaces: 'pid:[1]' } })
    expect(judge(lock, undefined, own)).toBe('held')
    expect(judge({ ...lock, time: lockOf(31 * MINUTE_MS).time }, undefined, own)).toBe('overdue')
  })

  test('of an earlier start of this machine is dead, once a clone of it would have refreshed it', () => {
    const earlier = { ...origin, boot: 'earlier boot' }
    expect(judge(lockOf(6 * MINUTE_MS, { origin: earlier }))).toBe('machine-restarted')
    expect(judge(lockOf(MINUTE_MS, { origin: earlier }))).toBe('overdue')
    expect(judge(lockOf(6 * MINUTE_MS, { origin: earlier }), MINUTE_MS)).toBe('overdue')
    expect(judge(lockOf(-MINUTE_MS, { origin: earlier }))).toBe('held')
  })

  test('of another machine, or one that cannot be told from its clones, is held', () => {
    const { machine: _machine, ...nameless } = origin
    expect(judge(lockOf(6 * MINUTE_MS, { origin: { ...origin, boot: 'b', machine: 'other' } }))).toBe('held')
    expect(judge(lockOf(6 * MINUTE_MS, { origin: { ...nameless, boot: 'b' } }), undefined, nameless)).toBe('held')
  })

  test('says nothing to who knows nothing of himself', () => {
    const lock = lockOf(MINUTE_MS, { pid: goneProcess(), origin })
    expect(judgeLock({ lock, storedAtMs: undefined }, { nowMs: NOW, origin: undefined })).toBe('held')
  })
})

describe('a process', () => {
  test('that was killed and that nobody took note of is over', async () => {
    // The shell is replaced by one that never asks for its child's end, as the first process of many containers.
    const parent = spawn('sh', ['-c', 'sleep 100 & echo $!; exec sleep 100'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const child = Number(line.toString())
      const { started } = await startOf(child)
      expect(isRunning(child, started)).toBe(true)
      process.kill(child, 'SIGKILL')
      await expect.poll(() => isRunning(child, started)).toBe(false)
    } finally {
      parent.kill('SIGKILL')
    }
  })

  test('that is ours is as its origin says', () => {
    expect(ownOrigin()).toEqual(ownOrigin())
    expect(isRunning(process.pid, ownOrigin()!.started)).toBe(true)
  })
})

async function startOf(pid: number): Promise<{ started: number }> {
  const { readFile } = await import('node:fs/promises')
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  return { started: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) }
}
