import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  isRoot,
  makeSmallDisk,
  makeTempDir,
  missingPrograms,
  runOk,
  skipBecause,
  startProcess,
  whyNoSmallDisk,
} from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { parseLogLine } from '../src/state/parse-log-line.ts'
import { openState, type State } from '../src/state/state.ts'

const noDisk = skipBecause(await whyNoSmallDisk())
const noNamespaces = skipBecause(isRoot() ? await missingPrograms('unshare') : 'other namespaces need root')

const test = base
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await makeTempDir()
    onCleanup(() => folder[Symbol.asyncDispose]())
    return folder.path
  })
  .extend('open', async ({ folder }, { onCleanup }) => {
    const opened = new AsyncDisposableStack()
    onCleanup(() => opened.disposeAsync())
    return (): State => opened.use(openState(folder, { clock: Date.now }))
  })

/** Arguments of node for a program that has `state` open, with what follows. */
function program(folder: string, code: string): string[] {
  const start = `
    const { openState } = await import(${JSON.stringify(new URL('../src/state/state.ts', import.meta.url).href)})
    const state = openState(${JSON.stringify(folder)}, { clock: Date.now })
    const start = { stack: 'shop', job: 'nightly', trigger: 'schedule', program: '0.1.0' }
    const stay = () => setInterval(() => {}, 1000)
    ${code}`
  return ['-C', '@hikae/source', '--input-type=module', '-e', start]
}

describe('kill -9', () => {
  test('while a run writes as fast as it can: all that was written is there, and the run was interrupted', async ({
    folder,
    open,
    expect,
  }) => {
    await using writer = await startProcess(
      process.execPath,
      program(
        folder,
        `
        const { id } = state.runs.begin(start)
        const log = state.logs.open(id)
        for (let number = 1; ; number++) {
          log.write({ level: 'info', message: 'entry ' + number })
          const step = state.runs.beginStep(id, { kind: 'read', source: 'db' })
          state.runs.endStep(id, step, { outcome: 'succeeded', message: 'x'.repeat(1000) })
          if (number === 100) process.stdout.write('100 steps of ' + id)
        }`,
      ),
    )
    await writer.printed('100 steps of ')
    writer.kill('SIGKILL')
    const { signal } = await writer.finished
    expect(signal).toBe('SIGKILL')

    const state = open()
    expect(state.warnings).toEqual([])
    const [run] = state.runs.markInterrupted()
    expect(run).toMatchObject({ outcome: 'interrupted', pid: writer.pid })
    const { id, steps } = run!
    expect(steps.length).toBeGreaterThanOrEqual(100)
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, index) => index + 1))
    expect(steps.slice(0, -1).every(({ outcome }) => outcome === 'succeeded')).toBe(true)
    const messages: (string | undefined)[] = []
    for await (const line of state.logs.read(id)) messages.push(parseLogLine(line)?.message)
    const whole = messages.filter((message) => message !== undefined)
    expect(whole).toEqual(whole.map((_, index) => `entry ${index + 1}`))
    // Each entry is written before its step; only the last one can be torn.
    expect(whole.length).toBeGreaterThanOrEqual(steps.length)
    expect(messages.length - whole.length).toBeLessThanOrEqual(1)
    expect(state.runs.markInterrupted()).toEqual([])
  })

  test('in the middle of a transaction: others go on, and nothing of it is there', async ({ folder, open, expect }) => {
    await using writer = await startProcess(
      process.execPath,
      program(
        folder,
        `
        const { id } = state.runs.begin(start)
        const { DatabaseSync } = await import('node:sqlite')
        const raw = globalThis.raw = new DatabaseSync(${JSON.stringify(join(folder, 'state.db'))})
        raw.exec("begin immediate; delete from runs; insert into alert_states values ('half', '1')")
        process.stdout.write('halfway')
        stay()`,
      ),
    )
    await writer.printed('halfway')
    const state = open()
    const [running] = state.runs.list()
    expect(running).not.toHaveProperty('outcome')
    writer.kill('SIGKILL')
    await writer.finished
    state.alerts.set('whole', 1)
    expect([...state.alerts.all().keys()]).toEqual(['whole'])
    expect(state.runs.get(running!.id)?.outcome).toBe('interrupted')
  })

  test('while it opens: the lock does not outlive it', async ({ folder, open, expect }) => {
    const lock = join(folder, 'opening.lock')
    await using opener = await startProcess(
      process.execPath,
      program(
        folder,
        `
        const { DatabaseSync } = await import('node:sqlite')
        globalThis.held = new DatabaseSync(${JSON.stringify(lock)})
        held.exec('begin exclusive')
        process.stdout.write('locked')
        stay()`,
      ),
    )
    await opener.printed('locked')
    const held = new DatabaseSync(lock)
    expect(() => held.exec('begin exclusive')).toThrow('locked')
    held.close()
    opener.kill('SIGKILL')
    await opener.finished
    expect(open().runs.list()).toEqual([])
  })
})

test('a run that is on is not taken for interrupted', async ({ folder, open, expect }) => {
  const code = `state.runs.begin(start); process.stdout.write('begun'); stay()`
  await using writer = await startProcess(process.execPath, program(folder, code))
  await writer.printed('begun')
  const state = open()
  expect(state.runs.markInterrupted()).toEqual([])
  expect(state.runs.list({ outcomes: ['running'] })).toMatchObject([{ pid: writer.pid }])
})

test.skipIf(noNamespaces)(
  'a run in another container is seen by the lock that it holds, and its end by the lock that is free',
  async ({ folder, open, expect }) => {
    const code = `state.runs.begin(start); process.stdout.write('begun by ' + process.pid); stay()`
    const apart = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath]
    await using container = await startProcess('unshare', [...apart, ...program(folder, code)])
    await container.printed('begun by 1')
    const state = open()
    const [run] = state.runs.list({ outcomes: ['running'] })
    expect(run?.pid).toBe(1)
    container.kill('SIGKILL')
    await container.finished
    // Its parent is gone; the system is about to end it.
    await expect.poll(() => state.runs.get(run!.id)?.outcome).toBe('interrupted')
    expect(state.runs.markInterrupted()).toMatchObject([{ id: run?.id, outcome: 'interrupted' }])
    // Nobody needs what is left of it any more.
    expect(await readdir(join(folder, 'processes'))).toHaveLength(1)
    await state.prune(1)
    expect(await readdir(join(folder, 'processes'))).toEqual([])
  },
)

test('several processes write at the same time', async ({ folder, open, expect }) => {
  const code = `
    for (let number = 0; number < 50; number++) {
      const { id } = state.runs.begin(start)
      state.runs.endStep(id, state.runs.beginStep(id, { kind: 'check' }), { outcome: 'succeeded' })
      state.runs.end(id, 'succeeded')
    }`
  await Promise.all([1, 2, 3].map(() => runOk(process.execPath, program(folder, code))))
  const runs = open().runs.list()
  expect(runs).toHaveLength(150)
  expect(new Set(runs.map(({ pid }) => pid)).size).toBe(3)
  expect(runs.every(({ outcome, steps }) => outcome === 'succeeded' && steps.length === 1)).toBe(true)
})

test('several processes that find the same damage put it aside once, and lose nothing of each other', async ({
  folder,
  open,
  expect,
}) => {
  await writeFile(join(folder, 'state.db'), 'garbage '.repeat(5000))
  const code = `state.runs.end(state.runs.begin(start).id, 'succeeded'); console.log('warned ' + state.warnings.length)`
  const results = await Promise.all([1, 2, 3, 4].map(() => runOk(process.execPath, program(folder, code))))
  expect(results.map(({ stdout }) => stdout.trim()).toSorted()).toEqual([
    'warned 0',
    'warned 0',
    'warned 0',
    'warned 1',
  ])
  expect((await readdir(folder)).filter((name) => name.startsWith('state.db.damaged-'))).toHaveLength(1)
  expect(open().runs.list()).toHaveLength(4)
})

describe.skipIf(noDisk)('a full disk', () => {
  test('fails no run and is told of; when there is room again, the rest of the run is written down', async ({
    expect,
  }) => {
    await using disk = await makeSmallDisk({ sizeBytes: 8 * 1024 * 1024 })
    await using state = openState(join(disk.path, 'state'), { clock: Date.now })
    const { id } = state.runs.begin({ stack: 's', job: 'j', trigger: 'manual', program: '0.1.0' })
    using log = state.logs.open(id)
    await disk.fill(64 * 1024)
    log.write({ level: 'info', message: 'x'.repeat(1_000_000) })
    expect(log.problem).toMatch(/^the log can/)
    while (state.warnings.length === 0) state.runs.beginStep(id, { kind: 'read', source: 'x'.repeat(10_000) })
    const step = state.runs.beginStep(id, { kind: 'read', source: 'x'.repeat(10_000) })
    expect(state.warnings).toEqual([expect.stringMatching(/^the history of runs in .* cannot be used: .*full$/)])
    expect(() => state.alerts.set('key', 'x'.repeat(1_000_000))).toThrow(
      expect.objectContaining({ code: 'STATE', hint: 'make room on that disk; backups do not need the history' }),
    )
    await rm(join(disk.path, 'ballast'))
    log.write({ level: 'info', message: 'room again' })
    state.runs.endStep(id, step, { outcome: 'failed' })
    state.runs.end(id, 'failed')
    expect(state.runs.get(id)?.outcome).toBe('failed')
    expect(state.runs.get(id)?.steps.at(-1)).toMatchObject({ number: step.number, outcome: 'failed' })
    const messages: (string | undefined)[] = []
    for await (const line of state.logs.read(id)) messages.push(parseLogLine(line)?.message)
    expect(messages.at(-1)).toBe('room again')
  })
})

test('history stays whole when the process itself reads the files of its database, as a backup of them does', async ({
  folder,
  open,
  expect,
}) => {
  const state = open()
  const begin = (): string => state.runs.begin({ stack: 's', job: 'j', trigger: 'manual', program: '0.1.0' }).id
  const ids = [begin()]
  // Closing any handle of a file gives up the locks that this process has on it: SQLite's too.
  const names = (await readdir(folder)).filter((name) => name.startsWith('state.db'))
  for (const name of names) await readFile(join(folder, name))
  // So another process takes itself for the last one, and tidies up when it closes.
  const look = program(folder, `console.log(state.runs.list().length); await state[Symbol.asyncDispose]()`)
  expect((await runOk(process.execPath, look)).stdout.trim()).toBe('1')
  for (let time = 0; time < 3; time++) {
    ids.push(begin())
    expect((await runOk(process.execPath, look)).stdout.trim()).toBe(String(ids.length))
  }
  expect(state.warnings).toEqual([])
  expect(
    open()
      .runs.list()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(ids.toSorted())
})
