import { rm, writeFile } from 'node:fs/promises'
import { describe } from 'vitest'
import { addRun, GONE, sourceResult, START, test } from './state.test.support.ts'

describe('a run', () => {
  test('is remembered as it went, step by step', ({ state, clock, open, expect }) => {
    clock.ms = Date.UTC(2026, 10, 21, 20, 14)
    const { runs } = state
    const begun = runs.begin(START)
    expect(begun.id).toMatch(/^20261121T201500Z-[0-9a-f]{4}$/)
    const preflight = runs.beginStep(begun.id, { kind: 'preflight' })
    runs.endStep(begun.id, preflight, { outcome: 'succeeded' })
    const read = runs.beginStep(begun.id, { kind: 'read', source: 'db', repository: 'usb' })
    const facts = { readBytes: 2 ** 50, addedBytes: 0, snapshot: 'ab', downtimeSeconds: 0.25, versions: ['16.1'] }
    runs.endStep(begun.id, read, { outcome: 'incomplete', message: 'a file is missing', hint: 'look', facts })
    const findings = [
      { severity: 'warning', message: 'small', hint: 'grow' } as const,
      { severity: 'error', message: 'x' } as const,
    ]
    const results = [
      sourceResult('db', { findings, snapshots: { usb: 'a', b2: 'b' } }),
      sourceResult('a', { isEmpty: true }),
    ]
    for (const result of results) runs.addSource(begun.id, result)
    runs.end(begun.id, 'incomplete')
    expect(open().runs.get(begun.id)).toEqual({
      ...begun,
      startedAt: '2026-11-21T20:15:00.000Z',
      endedAt: '2026-11-21T20:20:00.000Z',
      outcome: 'incomplete',
      pid: process.pid,
      steps: [
        {
          number: 1,
          kind: 'preflight',
          startedAt: '2026-11-21T20:16:00.000Z',
          endedAt: '2026-11-21T20:17:00.000Z',
          outcome: 'succeeded',
        },
        {
          number: 2,
          kind: 'read',
          source: 'db',
          repository: 'usb',
          startedAt: '2026-11-21T20:18:00.000Z',
          endedAt: '2026-11-21T20:19:00.000Z',
          outcome: 'incomplete',
          message: 'a file is missing',
          hint: 'look',
          facts,
        },
      ],
      sources: results,
    })
  })

  test('can be seen by others while it is on', ({ state, open, expect }) => {
    const begun = state.runs.begin(START)
    expect(open().runs.get(begun.id)).toEqual(begun)
    const step = state.runs.beginStep(begun.id, { kind: 'read', source: 'db', repository: 'usb' })
    expect(open().runs.get(begun.id)).toEqual({ ...begun, steps: [step] })
  })

  test('has a second result for a source instead of the first', ({ state, expect }) => {
    const { id } = state.runs.begin(START)
    state.runs.addSource(id, sourceResult('db', { bytes: 1, snapshots: { usb: 'a', b2: 'b' } }))
    state.runs.addSource(id, sourceResult('db', { bytes: 2, snapshots: { usb: 'c' } }))
    expect(state.runs.get(id)?.sources).toMatchObject([{ bytes: 2, snapshots: { usb: 'c' } }])
    expect(state.runs.get(id)?.sources[0]?.snapshots).toEqual({ usb: 'c' })
  })

  test('keeps no secret', ({ state, expect }) => {
    const { id } = state.runs.begin(START)
    state.redactor.add('hunter22')
    const step = state.runs.beginStep(id, { kind: 'hook' })
    const ended = {
      outcome: 'failed',
      message: 'm hunter22',
      hint: 'h hunter22',
      facts: { said: ['hunter22'] },
    } as const
    expect(state.runs.endStep(id, step, ended)).toMatchObject({ message: 'm •••', hint: 'h •••' })
    const findings = [{ severity: 'error', message: 'hunter22', hint: 'hunter22' } as const]
    state.runs.addSource(id, sourceResult('db', { findings }))
    state.runs.end(id, 'failed')
    expect(JSON.stringify(state.runs.get(id))).not.toContain('hunter22')
    expect(state.runs.get(id)).toMatchObject({
      steps: [{ message: 'm •••', hint: 'h •••', facts: { said: ['•••'] } }],
      sources: [{ findings: [{ message: '•••', hint: '•••' }] }],
    })
  })

  test('has an id of its own, also in the same second with the same chance', async ({ folder, expect }) => {
    const { openState } = await import('./state.ts')
    const chances = [0.5, 0.5, 0.5, 0.25]
    await using state = openState(folder, { clock: () => 0, random: () => chances.shift()! })
    expect([state.runs.begin(START).id, state.runs.begin(START).id]).toEqual([
      '19700101T000000Z-8000',
      '19700101T000000Z-4000',
    ])
  })

  test('begins also when nothing can be written down, and nobody is left in the dark', async ({
    state,
    folder,
    expect,
  }) => {
    await rm(folder, { recursive: true })
    await writeFile(folder, 'no folder any more')
    const { id } = state.runs.begin(START)
    const step = state.runs.beginStep(id, { kind: 'preflight' })
    state.runs.addSource(id, sourceResult('db'))
    expect(state.warnings).toContainEqual(expect.stringMatching(/^the history of runs in .* cannot be used: /))
    await rm(folder)
    state.runs.endStep(id, step, { outcome: 'succeeded' })
    state.runs.end(id, 'succeeded')
    expect(state.runs.get(id)).toMatchObject({
      outcome: 'succeeded',
      steps: [{ number: 1, outcome: 'succeeded' }],
      sources: [{ source: 'db' }],
    })
  })

  test('that is given nonsense to remember says so at once, and goes on', ({ state, expect }) => {
    const { id } = state.runs.begin(START)
    expect(() => state.runs.addSource(id, sourceResult('db', { bytes: 1.5 }))).toThrow('cannot store REAL')
    expect(() => state.runs.addSource(id, sourceResult('db', { bytes: Number.NaN }))).toThrow('NOT NULL')
    state.runs.end(id, 'succeeded')
    expect(state.runs.get(id)).toMatchObject({ outcome: 'succeeded', sources: [] })
    expect(state.warnings).toEqual([])
  })

  test('is over when it has ended', ({ state, expect }) => {
    const { id } = state.runs.begin(START)
    state.runs.end(id, 'succeeded')
    expect(() => state.runs.end(id, 'failed')).toThrow('has ended')
    expect(state.runs.get(id)?.outcome).toBe('succeeded')
  })
})

describe('the list', () => {
  test('is newest first, and of those that are wanted', ({ state, clock, open, expect }) => {
    const a = addRun(state, clock, { job: 'a', source: 'x' })
    const b = addRun(state, clock, { job: 'b', source: 'y', outcome: 'failed' })
    const sinceMs = clock.ms
    const c = addRun(state, clock, { job: 'a', source: 'y', outcome: 'incomplete' })
    const { id: gone } = open(GONE).runs.begin({ ...START, job: 'b' })
    const { id: running } = state.runs.begin({ ...START, job: 'b' })
    const ids = (filter?: Parameters<typeof state.runs.list>[0]): string[] =>
      state.runs.list(filter).map(({ id }) => id)
    expect(ids()).toEqual([running, gone, c, b, a])
    expect(ids({ limit: 2 })).toEqual([running, gone])
    expect(ids({ job: 'a' })).toEqual([c, a])
    expect(ids({ source: 'y' })).toEqual([c, b])
    expect(ids({ sinceMs })).toEqual([running, gone, c])
    expect(ids({ outcomes: ['failed', 'incomplete'] })).toEqual([c, b])
    expect(ids({ outcomes: ['interrupted'] })).toEqual([gone])
    expect(ids({ outcomes: ['running', 'succeeded'] })).toEqual([running, a])
    expect(ids({ outcomes: [] })).toEqual([])
    expect(ids({ job: 'a', source: 'y', outcomes: ['incomplete'], sinceMs, limit: 1 })).toEqual([c])
    expect(state.runs.sources()).toEqual(['x', 'y'])
  })

  test('has those whose ids begin in the same way', ({ state, clock, expect }) => {
    const first = addRun(state, clock)
    clock.ms += 86_400_000
    const second = addRun(state, clock)
    const beginning = (prefix: string): string[] => state.runs.beginningWith(prefix).map(({ id }) => id)
    expect(beginning(first)).toEqual([first])
    expect(beginning('202611')).toEqual([second, first])
    expect(beginning(second.slice(0, 8))).toEqual([second])
    expect(beginning('2027')).toEqual([])
    expect(beginning('%')).toEqual([])
    expect(state.runs.beginningWith('2', 1)).toHaveLength(1)
  })
})

describe('the last good one of a source', () => {
  test('is the last that was read whole and is stored somewhere', ({ state, clock, expect }) => {
    expect(state.runs.lastGood('db')).toBeUndefined()
    const both = addRun(state, clock, { snapshots: { usb: 'a', b2: 'b' }, bytes: 5 })
    const one = addRun(state, clock, { snapshots: { usb: 'c' } })
    addRun(state, clock, { snapshots: {} })
    addRun(state, clock, { outcome: 'incomplete', snapshots: { usb: 'd', b2: 'e' } })
    addRun(state, clock, { source: 'other' })
    expect(state.runs.lastGood('db')?.run).toBe(one)
    expect(state.runs.lastGood('db', 'usb')?.run).toBe(one)
    expect(state.runs.lastGood('db', 'b2')).toMatchObject({
      run: both,
      job: 'nightly',
      result: { source: 'db', bytes: 5 },
    })
    expect(state.runs.lastGood('db', 'nowhere')).toBeUndefined()
  })

  test('counts also when the rest of its run went wrong, or never came', ({ state, open, expect }) => {
    const killed = open(GONE).runs
    const { id } = killed.begin(START)
    killed.addSource(id, sourceResult('db'))
    expect(state.runs.lastGood('db')?.run).toBe(id)
  })
})

test('growth is told from the oldest to the newest', ({ state, clock, expect }) => {
  for (const bytes of [1, 2, 3]) addRun(state, clock, { bytes })
  const sinceMs = clock.ms
  addRun(state, clock, { bytes: 4, outcome: 'failed' })
  addRun(state, clock, { source: 'other', bytes: 9 })
  const sizes = (options?: Parameters<typeof state.runs.growth>[1]): number[] =>
    state.runs.growth('db', options).map(({ result }) => result.bytes)
  expect(sizes()).toEqual([1, 2, 3, 4])
  expect(sizes({ limit: 2 })).toEqual([3, 4])
  expect(sizes({ sinceMs })).toEqual([4])
})

describe('a run whose process has gone', () => {
  test('is told of as interrupted, and noted once', ({ state, open, expect }) => {
    const gone = open(GONE)
    const { id } = gone.runs.begin(START)
    gone.runs.endStep(id, gone.runs.beginStep(id, { kind: 'preflight' }), { outcome: 'succeeded' })
    gone.runs.beginStep(id, { kind: 'read' })
    const { id: running } = state.runs.begin(START)
    const interrupted = { id, outcome: 'interrupted', steps: [{ outcome: 'succeeded' }, { outcome: 'interrupted' }] }
    expect(state.runs.get(id)).toMatchObject(interrupted)
    expect(state.runs.interruptedRuns()).toMatchObject([interrupted])
    expect(open().runs.markInterrupted()).toMatchObject([interrupted])
    expect(state.runs.markInterrupted()).toEqual([])
    expect(state.runs.interruptedRuns()).toEqual([])
    const marked = state.runs.get(id)
    expect(marked).toMatchObject(interrupted)
    expect(marked).not.toHaveProperty('endedAt')
    expect(state.runs.get(running)).not.toHaveProperty('outcome')
  })

  test('has the last word when it was not gone after all', ({ state, open, expect }) => {
    const slow = open(GONE).runs
    const { id } = slow.begin(START)
    state.runs.markInterrupted()
    slow.end(id, 'succeeded')
    expect(state.runs.get(id)?.outcome).toBe('succeeded')
  })
})
