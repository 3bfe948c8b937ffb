import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe } from 'vitest'
import { MIGRATIONS } from './migrations.ts'
import { addRun, GONE, START, test } from './state.test.support.ts'

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

describe('the folder', () => {
  test('and all in it is for its owner only', async ({ state, folder, clock, expect }) => {
    addRun(state, clock)
    expect(await mode(folder)).toBe(0o700)
    const names = (await readdir(folder)).sort()
    expect(names).toEqual(['opening.lock', 'processes', 'state.db', 'state.db-shm', 'state.db-wal'])
    const [own = ''] = await readdir(join(folder, 'processes'))
    for (const name of [...names.filter((name) => name !== 'processes'), join('processes', own)]) {
      expect([name, await mode(join(folder, name))]).toEqual([name, 0o600])
    }
    expect(await mode(join(folder, 'processes'))).toBe(0o700)
  })

  test('is closed to others again', async ({ folder, open, expect }) => {
    await open()[Symbol.asyncDispose]()
    await chmod(folder, 0o755)
    await chmod(join(folder, 'state.db'), 0o644)
    open()
    expect([await mode(folder), await mode(join(folder, 'state.db'))]).toEqual([0o700, 0o600])
  })

  test('that cannot be made is refused with what to do', async ({ folder, open, expect }) => {
    await mkdir(join(folder, '..'), { recursive: true })
    await writeFile(folder, 'a file')
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'STATE',
        message: expect.stringMatching(/^the history of runs in .*state\.db cannot be used: file already exists$/),
        hint: expect.stringContaining('only the history is lost'),
      }),
    )
  })
})

describe('a damaged database', () => {
  test.for([
    ['is no database', (path: string) => writeFile(path, 'no database '.repeat(1000))],
    ['was cut', (path: string) => truncate(path, 8192)],
    ['has a bad page', (path: string) => overwrite(path, 4096, 3000)],
  ] as const)('that %s is put aside, and the caller is told', async ([, damage], { folder, open, clock, expect }) => {
    const state = open()
    addRun(state, clock)
    await state[Symbol.asyncDispose]()
    const path = join(folder, 'state.db')
    await damage(path)
    const bad = await readFile(path)
    clock.ms = Date.UTC(2026, 10, 21, 20, 14)
    const anew = open()
    expect(anew.warnings).toEqual([
      `${path} is damaged: it was moved to ${path}.damaged-20261121T201500Z, and the history begins anew`,
    ])
    expect(await readFile(`${path}.damaged-20261121T201500Z`)).toEqual(bad)
    expect(anew.runs.list()).toEqual([])
    addRun(anew, clock)
    expect(open().runs.list()).toHaveLength(1)
    expect(open().warnings).toEqual([])
  })

  test('is put aside also when one of that name is there', async ({ folder, open, clock, expect }) => {
    for (const name of ['1', '2']) {
      clock.ms = 0
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'state.db'), `garbage ${name} `.repeat(1000))
      await open()[Symbol.asyncDispose]()
    }
    const aside = (await readdir(folder)).filter((name) => name.includes('damaged')).sort()
    expect(aside).toEqual(['state.db.damaged-19700101T000100Z', 'state.db.damaged-19700101T000100Z-2'])
  })

  test('that is damaged while it is open gives an error once, and then a new one', async ({
    state,
    folder,
    clock,
    expect,
  }) => {
    for (let time = 0; time < 50; time++) addRun(state, clock)
    // All of it is in the file, and the next read is from there.
    const other = new DatabaseSync(join(folder, 'state.db'))
    other.exec('pragma wal_checkpoint(truncate)')
    other.close()
    await overwrite(join(folder, 'state.db'), 4096, 100_000)
    expect(() => state.runs.list()).toThrow('cannot be used')
    expect(state.warnings).toHaveLength(1)
    expect(state.runs.list()).toEqual([])
  })
})

test('a database that is deleted while it is open is begun anew, and the run that is on goes on in it', async ({
  state,
  folder,
  clock,
  open,
  expect,
}) => {
  addRun(state, clock)
  const { id } = state.runs.begin(START)
  const step = state.runs.beginStep(id, { kind: 'preflight' })
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
  const read = state.runs.beginStep(id, { kind: 'read' })
  state.runs.endStep(id, step, { outcome: 'succeeded' })
  state.runs.endStep(id, read, { outcome: 'failed' })
  state.runs.end(id, 'failed')
  expect(state.warnings).toEqual([
    `${join(folder, 'state.db')} was deleted while it was in use: the history begins anew`,
  ])
  expect(open().runs.list()).toMatchObject([
    {
      id,
      outcome: 'failed',
      steps: [
        { number: 1, outcome: 'succeeded' },
        { number: 2, outcome: 'failed' },
      ],
    },
  ])
})

describe('versions', () => {
  test('a database of version 1 is brought up to date, with all that is in it', async ({ folder, open, expect }) => {
    await mkdir(folder, { recursive: true })
    const old = new DatabaseSync(join(folder, 'state.db'))
    old.exec(MIGRATIONS[0]!)
    old.exec(`
      pragma user_version = 1;
      insert into runs values
        ('20260101T000000Z-0001', 's', 'j', 'manual', '2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z', 'succeeded',
         'h', 7, null, null, null, null, '0.1.0');
      insert into steps values
        ('20260101T000000Z-0001', 1, 'read', 'db', null, '2026-01-01T00:00:00.000Z', null, null, null, null, '{"files":3}');
      insert into source_results values
        ('20260101T000000Z-0001', 'db', 0, 'files', 'succeeded', '2026-01-01T00:00:00.000Z', 1.5, 10, 3, 0, 2, 1, '[]');
      insert into source_snapshots values ('20260101T000000Z-0001', 'db', 'usb', 'abc');
    `)
    old.close()
    const state = open()
    expect(state.warnings).toEqual([])
    expect(state.runs.list()).toMatchObject([
      { id: '20260101T000000Z-0001', outcome: 'succeeded', pid: 7, steps: [{ facts: { files: 3 } }] },
    ])
    expect(state.runs.lastGood('db', 'usb')?.result.snapshots).toEqual({ usb: 'abc' })
    state.alerts.set('k', 1)
    expect(state.alerts.get('k')).toBe(1)
  })

  test('a later one is refused, and stays as it is', async ({ folder, open, expect }) => {
    await mkdir(folder, { recursive: true })
    const path = join(folder, 'state.db')
    const later = new DatabaseSync(path)
    later.exec('create table wonders (x); pragma user_version = 99')
    later.close()
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'STATE_VERSION',
        message: `${path} was written by a later Hikae: its version is 99, this one knows up to ${MIGRATIONS.length}`,
      }),
    )
    expect((await readdir(folder)).filter((name) => name.includes('damaged'))).toEqual([])
  })
})

describe('pruning', () => {
  const DAY_MS = 86_400_000

  test('forgets old runs and their logs, never the last good one', async ({ state, clock, open, expect }) => {
    const old = addRun(state, clock, { snapshots: { usb: 'a', b2: 'a' } })
    const goodInB2 = addRun(state, clock, { snapshots: { usb: 'b', b2: 'b' } })
    const goodInUsb = addRun(state, clock, { snapshots: { usb: 'c' } })
    const failed = addRun(state, clock, { outcome: 'failed', snapshots: {} })
    const lastOfJob = addRun(state, clock, { job: 'other', outcome: 'failed', snapshots: {} })
    const { id: running } = state.runs.begin(START)
    clock.ms += 30 * DAY_MS
    const recent = addRun(state, clock, { outcome: 'failed', snapshots: {} })
    const all = [old, goodInB2, goodInUsb, failed, lastOfJob, running, recent]
    for (const run of all) state.logs.open(run)[Symbol.dispose]()
    expect(await state.prune(29)).toBe(2)
    const kept = [recent, running, lastOfJob, goodInUsb, goodInB2]
    expect(
      open()
        .runs.list()
        .map(({ id }) => id),
    ).toEqual(kept)
    expect((await state.logs.runs()).toSorted()).toEqual(kept.toSorted())
    expect(state.runs.growth('db').map(({ run }) => run)).not.toContain(old)
  })

  test('keeps what is not old, and what may still be running', async ({ state, clock, open, expect }) => {
    addRun(state, clock, { outcome: 'failed' })
    open(GONE).runs.begin(START)
    addRun(state, clock)
    expect(await state.prune(1)).toBe(0)
    expect(state.runs.list()).toHaveLength(3)
  })

  test('a month of failures forgets no success', async ({ state, clock, expect }) => {
    const good = addRun(state, clock)
    for (let day = 0; day < 31; day++) {
      clock.ms += DAY_MS
      addRun(state, clock, { outcome: 'failed', snapshots: {} })
      await state.prune(7)
    }
    expect(state.runs.lastGood('db')?.run).toBe(good)
    expect(state.runs.list()).toHaveLength(8)
  })

  test('removes logs of runs that a lost database knew', async ({ state, clock, folder, expect }) => {
    const lost = addRun(state, clock)
    state.logs.open(lost)[Symbol.dispose]()
    await rm(join(folder, 'state.db'))
    clock.ms += 10 * DAY_MS
    expect(await state.prune(5)).toBe(0)
    expect(await state.logs.runs()).toEqual([])
  })
})

test('alerts remember a value for each key', ({ state, open, expect }) => {
  expect(state.alerts.get('a')).toBeUndefined()
  state.alerts.set('b', { since: '2026-11-21', told: [1, null] })
  state.alerts.set('a', 1)
  state.alerts.set('a', 'two')
  expect([...open().alerts.all()]).toEqual([
    ['a', 'two'],
    ['b', { since: '2026-11-21', told: [1, null] }],
  ])
  state.alerts.remove('a')
  state.alerts.remove('a')
  expect(state.alerts.get('a')).toBeUndefined()
  expect(state.alerts.get('b')).toEqual({ since: '2026-11-21', told: [1, null] })
})

test('what containers bring is remembered, with when that began, until it is forgotten', ({
  state,
  clock,
  open,
  expect,
}) => {
  const rows = { source: 'rows', kind: 'docker-volumes', jobs: ['nightly', 'weekly'], container: 'db' }
  clock.ms = 0
  state.labelled.see([rows, { ...rows, source: 'pages' }])
  clock.ms = 3_600_000
  state.labelled.see([{ ...rows, container: 'db-2' }])
  state.labelled.forget(['pages', 'never-seen'])
  expect(open().labelled.all()).toEqual([
    { ...rows, container: 'db-2', firstSeen: '1970-01-01T00:01:00.000Z', lastSeen: '1970-01-01T01:01:00.000Z' },
  ])
})

test('schedules remember when a job was first seen and last started', ({ state, clock, open, expect }) => {
  clock.ms = 0
  expect(state.schedules.see('a')).toEqual({ firstSeen: '1970-01-01T00:01:00.000Z' })
  expect(state.schedules.see('a')).toEqual({ firstSeen: '1970-01-01T00:01:00.000Z' })
  state.schedules.start('a', 3_600_000)
  state.schedules.start('b', 7_200_000)
  expect([...open().schedules.all()]).toEqual([
    ['a', { firstSeen: '1970-01-01T00:01:00.000Z', lastStarted: '1970-01-01T01:00:00.000Z' }],
    ['b', { firstSeen: '1970-01-01T00:04:00.000Z', lastStarted: '1970-01-01T02:00:00.000Z' }],
  ])
  state.schedules.forget('a')
  expect(state.schedules.see('a').lastStarted).toBeUndefined()
})

test('a state that was closed is not used again', async ({ state, expect }) => {
  await state[Symbol.asyncDispose]()
  expect(() => state.runs.list()).toThrow('closed')
})

async function overwrite(path: string, offset: number, length: number): Promise<void> {
  const content = await readFile(path)
  const end = content.subarray(offset + length)
  await truncate(path, Math.min(offset, content.length))
  await appendFile(path, Buffer.concat([Buffer.alloc(Math.min(length, content.length - offset), 0xa5), end]))
}
