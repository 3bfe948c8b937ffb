import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { hasEnded, ownProcess } from './process-origin.ts'

const own = ownProcess()
const HOUR_MS = 3_600_000

describe('a process', () => {
  test('knows itself, and has not ended', ({ expect }) => {
    expect(own).toMatchObject({
      pid: process.pid,
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    })
    expect(hasEnded(own, own, 100 * HOUR_MS)).toBe(false)
  })

  test('has ended when its number is free, or somebody else has it now', ({ expect }) => {
    expect(hasEnded({ ...own, pid: 2 ** 22 + 1 }, own, 0)).toBe(true)
    expect(hasEnded({ ...own, started: own.started! - 1 }, own, 0)).toBe(true)
  })

  test('has ended when it was killed and its parent has not taken note', async ({ expect }) => {
    // The shell never waits for its child: what is killed stays as an entry in the list of processes.
    const script = 'sleep 1000 & child=$!; kill -KILL $child; echo $child; exec sleep 1000'
    const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = (await once(shell.stdout, 'data')) as [Buffer]
      const pid = Number(line)
      const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
      await expect.poll(() => stat()[0]).toBe('Z')
      expect(hasEnded({ ...own, pid, started: Number(stat()[19]) }, own, 0)).toBe(true)
    } finally {
      shell.kill('SIGKILL')
      await once(shell, 'close')
    }
  })

  test('has ended when the machine, or its container, was started anew', ({ expect }) => {
    expect(hasEnded({ ...own, boot: 'earlier' }, own, 0)).toBe(true)
    expect(hasEnded({ ...own, namespace: 'pid:[1]' }, own, 0)).toBe(true)
  })

  test('of another machine or container is believed for a day', ({ expect }) => {
    for (const other of [
      { ...own, host: 'elsewhere', boot: 'another' },
      { ...own, host: 'elsewhere', namespace: 'pid:[1]' },
      { host: 'elsewhere', pid: own.pid },
    ]) {
      expect(hasEnded(other, own, 23 * HOUR_MS)).toBe(false)
      expect(hasEnded(other, own, 25 * HOUR_MS)).toBe(true)
    }
  })

  test('is the same when the machine was given another name', ({ expect }) => {
    expect(hasEnded({ ...own, host: 'before' }, own, 100 * HOUR_MS)).toBe(false)
    expect(hasEnded({ ...own, host: 'before', started: own.started! - 1 }, own, 0)).toBe(true)
  })

  test('is looked for by its number alone where the system tells no more', ({ expect }) => {
    const plain = { host: own.host, pid: own.pid }
    expect(hasEnded(plain, plain, 0)).toBe(false)
    expect(hasEnded({ ...plain, pid: 2 ** 22 + 1 }, plain, 0)).toBe(true)
  })
})
