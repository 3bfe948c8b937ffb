import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { history } from '../commands/history.ts'
import { formatTime } from '../output/format.ts'
import { GONE, sourceResult, START, test } from './history.test.support.ts'

const SECOND_MS = 1000
const DAY_MS = 86_400 * SECOND_MS

describe('hikae history', () => {
  test('lists runs, newest first, with what they read and added', async ({ open, clock, run, expect }) => {
    const state = open()
    const first = state.runs.begin(START)
    for (const source of ['db', 'files']) state.runs.addSource(first.id, sourceResult(source))
    clock.ms += 185 * SECOND_MS
    state.runs.end(first.id, 'succeeded')
    const second = state.runs.begin({ ...START, job: 'weekly' })
    state.runs.addSource(second.id, sourceResult('db', { outcome: 'failed', bytes: 0, addedBytes: 0 }))
    state.runs.addSource(second.id, sourceResult('files'))
    clock.ms += 7 * SECOND_MS
    state.runs.end(second.id, 'failed')
    const third = open(GONE).runs.begin(START)
    const { exitCode, stdout, stderr } = await run(history, [])
    const when = ({ startedAt }: { startedAt: string }): string => formatTime(startedAt)
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['Run', 'When', 'Job', 'Outcome', 'Duration', 'Sources', 'Read', 'Added'],
      [expect.stringMatching(/^-+$/)],
      [third.id, when(third), 'nightly', 'interrupted'],
      [second.id, when(second), 'weekly', 'failed', '0:07', '1 of 2', '3.0 MiB', '2.0 KiB'],
      [first.id, when(first), 'nightly', 'succeeded', '3:05', '2', '6.0 MiB', '4.0 KiB'],
      [expect.stringMatching(/^-+$/)],
      [''],
    ])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test('lists those that are wanted', async ({ open, clock, run, expect }) => {
    const state = open()
    clock.ms = Date.now() - 9 * DAY_MS
    const ids: string[] = []
    for (const [job, outcome] of [
      ['a', 'succeeded'],
      ['b', 'failed'],
      ['a', 'incomplete'],
      ['a', 'succeeded'],
    ] as const) {
      const { id } = state.runs.begin({ ...START, job })
      state.runs.end(id, outcome)
      ids.push(id)
      clock.ms += 2 * DAY_MS
    }
    const [first, second, third, fourth] = ids
    const listed = async (...argv: string[]): Promise<string[]> => {
      const { stdout } = await run(history, [...argv, '--json'])
      return (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)
    }
    expect(await listed()).toEqual([fourth, third, second, first])
    expect(await listed('--job', 'a')).toEqual([fourth, third, first])
    expect(await listed('--failed')).toEqual([third, second])
    expect(await listed('--last', '1')).toEqual([fourth])
    expect(await listed('--since', '6d')).toEqual([fourth, third])
    expect(await listed('--since', new Date(Date.now() - 8 * DAY_MS).toISOString())).toEqual([fourth, third, second])
    expect(await listed('--failed', '--job', 'a', '--since', '6d', '--last', '5')).toEqual([third])
    expect(await run(history, ['--job', 'c'])).toEqual({ exitCode: 0, stdout: 'no run is like that\n', stderr: '' })
  })

  test('says when there are more runs than it lists', async ({ open, run, expect }) => {
    const state = open()
    for (let number = 0; number < 21; number++) state.runs.end(state.runs.begin(START).id, 'succeeded')
    expect((await run(history, [])).stdout).toContain('there are older ones: see --last and --since\n')
    expect((await run(history, ['--last', '21'])).stdout).not.toContain('older')
    expect((await run(history, ['--since', '2020-01-01'])).stdout.split('\n')).toHaveLength(25)
  })

  test('gives programs all there is', async ({ open, clock, run, expect }) => {
    const state = open()
    const { id } = state.runs.begin(START)
    const step = state.runs.beginStep(id, { kind: 'read', source: 'db', repository: 'usb' })
    clock.ms += 1500
    state.runs.endStep(id, step, { outcome: 'failed', message: 'm', hint: 'h', facts: { readBytes: 7 } })
    const findings = [{ severity: 'error', message: 'gone' } as const]
    state.runs.addSource(id, sourceResult('db', { outcome: 'failed', snapshots: {}, findings }))
    state.runs.end(id, 'failed')
    const expected = {
      id,
      stack: 'shop',
      job: 'nightly',
      trigger: 'schedule',
      outcome: 'failed',
      started_at: '2026-11-21T20:15:00.000Z',
      ended_at: '2026-11-21T20:15:01.500Z',
      seconds: 1.5,
      host: GONE.host,
      pid: process.pid,
      program: '0.1.0',
      sources: [
        {
          source: 'db',
          kind: 'files',
          outcome: 'failed',
          started_at: '2026-11-21T20:15:00.000Z',
          seconds: 65,
          bytes: 3 * 1024 ** 2,
          files: 1200,
          is_empty: false,
          added_bytes: 2048,
          stored_bytes: 1024,
          snapshots: {},
          findings,
        },
      ],
      steps: [
        {
          number: 1,
          kind: 'read',
          source: 'db',
          repository: 'usb',
          outcome: 'failed',
          started_at: '2026-11-21T20:15:00.000Z',
          ended_at: '2026-11-21T20:15:01.500Z',
          seconds: 1.5,
          message: 'm',
          hint: 'h',
          facts: { readBytes: 7 },
        },
      ],
    }
    expect(JSON.parse((await run(history, ['--json'])).stdout)).toEqual([expected])
    expect(JSON.parse((await run(history, [id, '--json'])).stdout)).toEqual(expected)
  })
})

describe('hikae history RUN', () => {
  test('tells the steps of one run, and what went wrong', async ({ open, clock, run, expect }) => {
    const { runs } = open()
    const { id, host } = runs.begin({ ...START, trigger: 'catch-up' })
    const read = runs.beginStep(id, { kind: 'read', source: 'db', repository: 'usb' })
    clock.ms += 65 * SECOND_MS
    const facts = { readBytes: 2048, files: 1, snapshot: 'c0ffee'.repeat(10), downtimeSeconds: 3, position: '0/16B' }
    runs.endStep(id, read, { outcome: 'succeeded', facts })
    const hook = runs.beginStep(id, { kind: 'hook' })
    runs.endStep(id, hook, { outcome: 'failed', message: 'sh ended\u001b[31m with 1', hint: 'look at it' })
    const findings = [{ severity: 'warning', message: 'smaller than before', hint: 'see why' } as const]
    runs.addSource(id, sourceResult('db', { findings }))
    runs.end(id, 'incomplete')
    const { stdout } = await run(history, [id.slice(0, 11).toLowerCase()])
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      [`run ${id} of job nightly in shop: incomplete`],
      [`${formatTime('2026-11-21T20:15:00Z')}, 1:05, started late, to catch up with its schedule`],
      [`on ${host} by process ${process.pid}, hikae 0.1.0`],
      [''],
      ['#', 'Step', 'Source', 'Repository', 'Duration', 'Outcome'],
      [expect.stringMatching(/^-+$/)],
      [
        ...['1', 'read', 'db', 'usb', '1:05', 'succeeded'],
        'read 2.0 KiB, 1 file, snapshot c0ffeec0, held up for 3 s, position 0/16B',
      ],
      ['2', 'hook', '0:00', 'failed'],
      [expect.stringMatching(/^-+$/)],
      [String.raw`step 2: sh ended\x1b[31m with 1`],
      ['', 'next: look at it'],
      ['warning: db: smaller than before'],
      ['', 'next: see why'],
      [`next: hikae logs ${id}`],
      [''],
    ])
  })

  test('wants a beginning that only one run has', async ({ open, run, expect }) => {
    const { runs } = open()
    const ids = [runs.begin(START).id, runs.begin(START).id].toSorted().toReversed()
    await expect(run(history, ['2026'])).rejects.toThrow(`several runs begin with 2026: ${ids.join(', ')}`)
    await expect(run(history, ['2027'])).rejects.toThrow('there is no run 2027')
    await expect(run(history, ['2026', '--failed'])).rejects.toThrow('a run is named')
    await expect(run(history, ['2026', '--last', '3'])).rejects.toThrow('a run is named')
  })
})

describe('hikae history --source', () => {
  test('tells how a source grows', async ({ open, clock, run, expect }) => {
    const { runs } = open()
    const MIB = 1024 ** 2
    for (const [bytes, outcome] of [
      [8 * MIB, 'succeeded'],
      [12 * MIB, 'succeeded'],
      [1 * MIB, 'failed'],
      [12 * MIB, 'succeeded'],
      [0, 'succeeded'],
    ] as const) {
      const { id, startedAt } = runs.begin(START)
      runs.addSource(id, sourceResult('db', { startedAt, bytes, outcome }))
      runs.addSource(id, sourceResult('other', { startedAt }))
      runs.end(id, outcome)
      clock.ms += DAY_MS
    }
    const { stdout } = await run(history, ['--source', 'db'])
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(2))
    expect(rows).toEqual([
      ['Outcome', 'Size', 'Change', 'Files', 'Added', 'Duration'],
      [],
      ['succeeded', '8.0 MiB', '1,200', '2.0 KiB', '1:05'],
      ['succeeded', '12.0 MiB', '+4.0 MiB', '1,200', '2.0 KiB', '1:05'],
      ['failed', '1.0 MiB', '-11.0 MiB', '1,200', '2.0 KiB', '1:05'],
      ['succeeded', '12.0 MiB', '=', '1,200', '2.0 KiB', '1:05'],
      ['succeeded', '0 B', '-12.0 MiB', '1,200', '2.0 KiB', '1:05'],
      [],
      ['8.0 MiB to 0 B, -100.0% in 4 whole runs'],
      [],
    ])
    expect(stdout).toContain('db  ▆██▁  8.0 MiB')
    const last = await run(history, ['--source', 'db', '--last', '2', '--json'])
    expect(JSON.parse(last.stdout)).toMatchObject([
      { job: 'nightly', source: 'db', bytes: 12 * MIB },
      { job: 'nightly', source: 'db', bytes: 0, snapshots: { usb: 'ab'.repeat(32) } },
    ])
    const failed = await run(history, ['--source', 'db', '--failed', '--json'])
    expect(JSON.parse(failed.stdout)).toMatchObject([{ outcome: 'failed', bytes: MIB }])
  })

  test('knows a source that is misspelt', async ({ open, run, expect }) => {
    const { runs } = open()
    runs.addSource(runs.begin(START).id, sourceResult('databases'))
    await expect(run(history, ['--source', 'databses'])).rejects.toMatchObject({ hint: 'did you mean databases?' })
    await expect(run(history, ['--source', 'x'])).rejects.toMatchObject({ hint: 'those that were saved: databases' })
  })
})

describe('where nothing has run', () => {
  test('it says so and makes nothing', async ({ env, run, expect }) => {
    const { exitCode, stdout } = await run(history, [])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^nothing has run yet: no history is in .*\/state\/hikae\/stacks\/shop-[0-9a-f]{12}\n$/)
    expect((await run(history, ['--json'])).stdout).toBe('[]\n')
    await expect(run(history, ['2026'])).rejects.toThrow('nothing has run yet')
    await expect(rm(env['XDG_STATE_HOME']!, { recursive: true })).rejects.toThrow('no such file')
  })

  test('a missing stack file is named', async ({ run, expect }) => {
    await expect(run(history, ['--config', '/nowhere/hikae.yaml'])).rejects.toThrow(
      'cannot find the stack file /nowhere/hikae.yaml: no such file or directory',
    )
  })
})

test('the history is the same by a link to the stack file', async ({ folder, open, run, expect }) => {
  const { id } = open().runs.begin(START)
  await mkdir(join(folder, 'etc'))
  await symlink(join(folder, 'shop', 'hikae.yaml'), join(folder, 'etc', 'hikae.yaml'))
  const { stdout } = await run(history, ['--config', join(folder, 'etc', 'hikae.yaml')])
  expect(stdout).toContain(id)
  await writeFile(join(folder, 'etc', 'other.yaml'), 'version: 1\n')
  expect((await run(history, ['--config', join(folder, 'etc', 'other.yaml')])).stdout).not.toContain(id)
})

test('a lost history is told of', async ({ env, open, run, expect }) => {
  const state = open()
  state.runs.end(state.runs.begin(START).id, 'succeeded')
  await state[Symbol.asyncDispose]()
  const { stackStateFolder } = await import('./stack-state.ts')
  await writeFile(join(await stackStateFolder({ config: undefined }, env), 'state.db'), 'garbage '.repeat(999))
  const { exitCode, stdout, stderr } = await run(history, [])
  expect(stderr).toMatch(
    /^warning: .*state\.db is damaged: it was moved to .*state\.db\.damaged-.*, and the history begins/,
  )
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'no run is like that\n' })
})

test.for(['yesterday', '', '2026-13-01', '-7d', '7'])('%j is no --since', async (text, { run, expect }) => {
  await expect(run(history, ['--since', text])).rejects.toThrow(/--since: .* is neither a time nor a duration/)
})
