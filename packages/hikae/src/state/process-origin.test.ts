import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { hasEnded, ownProcess } from './process-origin.ts'

const own = ownProcess()
const NOBODY = (): boolean => false
const EVERYBODY = (): boolean => true
const FREE_PID = 2 ** 22 + 1

describe('a process', () => {
  test('knows itself, and has not ended', ({ expect }) => {
    expect(own).toMatchObject({
      pid: process.pid,
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    })
    expect(hasEnded(own, own, NOBODY)).toBe(false)
  })

  test('has ended when its number is free, or somebody else has it now', ({ expect }) => {
    expect(hasEnded({ ...own, pid: FREE_PID, lock: 'l' }, own, EVERYBODY)).toBe(true)
    expect(hasEnded({ ...own, started: own.started! - 1, lock: 'l' }, own, EVERYBODY)).toBe(true)
  })

  test('has ended when it was killed and its parent has not taken note', async ({ expect }) => {
    // What the shell becomes never waits for a child: when that is killed, it stays in the list of processes.
    const script = 'sleep 1000 & echo $!; exec sleep 1000'
    const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = (await once(shell.stdout, 'data')) as [Buffer]
      const pid = Number(line)
      const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
      await expect.poll(() => readFileSync(`/proc/${shell.pid}/comm`, 'latin1')).toBe('sleep\n')
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => stat()[0]).toBe('Z')
      expect(hasEnded({ ...own, pid, started: Number(stat()[19]), lock: 'l' }, own, EVERYBODY)).toBe(true)
    } finally {
      shell.kill('SIGKILL')
      await once(shell, 'close')
    }
  })

  test('is the same when the machine was given another name', ({ expect }) => {
    expect(hasEnded({ ...own, host: 'before' }, own, NOBODY)).toBe(false)
  })

  test.for([
    ['of another start of the machine', { ...own, boot: 'earlier', lock: 'l' }],
    ['of another container', { ...own, namespace: 'pid:[1]', lock: 'l' }],
    ['of a system that tells little', { host: own.host, pid: own.pid, lock: 'l' }],
  ] as const)('%s has ended when it holds its lock no more', ([, other], { expect }) => {
    expect(hasEnded(other, own, (lock) => lock === 'l')).toBe(false)
    expect(hasEnded(other, own, NOBODY)).toBe(true)
    const { lock: _, ...withoutLock } = other
    expect(hasEnded(withoutLock, own, EVERYBODY)).toBe(true)
  })
})
