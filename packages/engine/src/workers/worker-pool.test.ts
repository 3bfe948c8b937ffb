import { spawnSync } from 'node:child_process'
import { describe, test } from 'vitest'
import { WorkerPool } from './worker-pool.ts'

const ECHO = `
  import { parentPort, threadId } from 'node:worker_threads'
  const notices = []
  parentPort.on('message', ({ kind, number, task, notice }) => {
    if (kind === 'stop') return parentPort.close()
    if (kind === 'notice') notices.push(notice)
    if (kind !== 'task') return
    if (task === 'die') process.exit(3)
    if (task === 'wait') return
    parentPort.postMessage({ kind: 'result', task: number, result: [task, threadId, ...notices].join(' ') })
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

  test('starts no more threads than there are tasks at the same time', async ({ expect }) => {
    await using pool = poolOf(ECHO)
    expect(await pool.runOnEach('none')).toEqual([])
    await pool.run('one')
    await pool.run('after it')
    expect(await pool.runOnEach('each')).toHaveLength(1)
  })

  test('tells every thread what all have to know, in order, however late it starts', async ({ expect }) => {
    await using pool = poolOf(ECHO)
    pool.notifyAll('early')
    await pool.run('a')
    pool.notifyAll('late')
    pool.notify(0, 'alone')
    const answers = await Promise.all([pool.run('a'), pool.run('b')])
    expect(answers.map((answer) => answer.split(' ').slice(2))).toEqual([
      ['early', 'late', 'alone'],
      ['early', 'late'],
    ])
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

  test('is closed in peace, whatever its threads are loading', ({ expect }) => {
    const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const loading = `
      import { parentPort } from 'node:worker_threads'
      import { nativeFunction } from ${at('../native/libc.ts')}
      import { serveTasks } from ${at('worker-main.ts')}
      serveTasks((report) => {
        report('loading')
        nativeFunction('getpid', 'int', [])()()
        return { run: (task) => ({ result: task }) }
      })`
    const program = `
      import { WorkerPool } from ${at('worker-pool.ts')}
      const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(loading)}))
      for (let round = 0; round < 45; round++) {
        const begun = Promise.withResolvers()
        await using pool = new WorkerPool({ url, size: 2, workerData: undefined, onEvent: begun.resolve })
        for (const task of ['a', 'b']) pool.run(task).catch(() => undefined)
        await begun.promise
        await new Promise((resolve) => setTimeout(resolve, round % 15))
      }
      console.log('alive')`
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    expect({ stdout: run.stdout, stderr: run.stderr.slice(0, 500), signal: run.signal }).toEqual({
      stdout: 'alive\n',
      stderr: '',
      signal: null,
    })
  })
})
