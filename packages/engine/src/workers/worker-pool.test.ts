import { describe, test } from 'vitest'
import { WorkerPool } from './worker-pool.ts'

const ECHO = `
  import { parentPort, threadId } from 'node:worker_threads'
  parentPort.on('message', ({ kind, number, task }) => {
    if (kind !== 'task') return
    if (task === 'die') process.exit(3)
    if (task === 'wait') return
    parentPort.postMessage({ kind: 'result', task: number, result: task + ' ' + threadId })
  })`

function poolOf(script: string, size = 2): WorkerPool<string, string> {
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
  return new WorkerPool({ url, size, workerData: undefined })
}

describe('a pool of threads', () => {
  test('answers every task, and one on each thread', async ({ expect }) => {
    await using pool = poolOf(ECHO)
    const answers = await Promise.all(['a', 'b', 'c'].map((task) => pool.run(task)))
    expect(answers.map((answer) => answer.split(' ')[0])).toEqual(['a', 'b', 'c'])
    expect(new Set(await pool.runOnEach('each')).size).toBe(2)
  })

  test('whose thread cannot even start fails what is asked of it, before and after', async ({ expect }) => {
    await using pool = poolOf('throw new Error("no such file: scanner.wasm")')
    await expect(pool.run('early')).rejects.toThrow('scanner.wasm')
    await expect(pool.run('late')).rejects.toThrow('scanner.wasm')
    await expect(pool.runOnEach('late')).rejects.toThrow('scanner.wasm')
  })

  test('whose thread dies at work fails all that waits, and all that comes', async ({ expect }) => {
    await using pool = poolOf(ECHO)
    const tasks = [pool.run('wait'), pool.run('die'), pool.run('waits'), pool.runOnEach('waits')]
    for (const outcome of await Promise.allSettled(tasks)) expect(outcome.status).toBe('rejected')
    await expect(pool.runOnEach('late')).rejects.toThrow('ended with code 3')
  })
})
