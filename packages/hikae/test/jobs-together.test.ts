import { readdir, readFile, writeFile } from 'node:fs/promises'
import { makeTempDir, type TempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import type { Job } from '../src/jobs/job.ts'
import { openPoint } from '../src/points/snapshot-point.ts'
import { type Behaviour, JobGround } from './support/job-ground.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => {
    const ground = new JobGround(dir)
    await ground.addRepository('usb')
    return ground
  })
// oxlint-enable no-empty-pattern

/** The programs write into one file, which sources write to as well: the order of everything. */
function order(dir: TempDir) {
  const path = dir.join('order')
  const say = (what: string): readonly string[] => ['sh', '-c', `echo ${what} >>'${path}'`]
  return {
    say,
    note: (what: string): Promise<void> => writeFile(path, `${what}\n`, { flag: 'a' }),
    seen: async (): Promise<string[]> => (await readFile(path, 'utf8').catch(() => '')).trim().split('\n'),
  }
}

function together(
  ground: JobGround,
  sources: Readonly<Record<string, Behaviour>>,
  programs: { before: readonly string[]; after: readonly string[] },
): Job {
  return ground.job(sources, {
    together: { ...programs, timeoutMs: 10_000 },
  })
}

function source({ note }: ReturnType<typeof order>, name: string, more: Partial<Behaviour> = {}): Behaviour {
  return {
    files: { 'a.txt': name },
    isOpen: false,
    onOpen: () => note(`open ${name}`),
    onRead: () => note(`read ${name}`),
    ...more,
  }
}

async function manifests(ground: JobGround) {
  const repository = await ground.open('usb')
  const signal = new AbortController().signal
  const points = (await ground.snapshots('usb')).map((snapshot) => openPoint(repository, snapshot, signal))
  return (await Promise.all(points)).map(({ manifest }) => manifest)
}

test('sources are opened while all is held, and those that are settled by that are read when it has gone on', async ({
  ground,
  dir,
  expect,
}) => {
  const { say, seen, ...rest } = order(dir)
  const [dump, uploads, more] = ['dump', 'uploads', 'more'].map((name) => source({ say, seen, ...rest }, name))
  const job = together(
    ground,
    { dump: { ...dump!, isOfOneMoment: true }, uploads: uploads!, more: more! },
    { before: say('hold $HIKAE_JOB $HIKAE_HOOK'), after: say('release $HIKAE_HOOK') },
  )
  const report = await ground.run(job)
  expect(report.outcome).toBe('succeeded')
  expect(await seen()).toEqual([
    'hold nightly hold',
    ...['open dump', 'open uploads', 'open more', 'read uploads', 'read more'],
    'release release',
    'read dump',
  ])
  const found = await manifests(ground)
  expect(found.map(({ source: name }) => name).toSorted()).toEqual(['dump', 'more', 'uploads'])
  for (const { consistent, time } of found) {
    expect(consistent).toEqual({ together: 'run-1', from: time, to: expect.any(String) as string })
  }
  expect(report.steps.find(({ kind }) => kind === 'release')?.facts).toMatchObject({
    downtimeSeconds: expect.any(Number) as number,
  })
  expect(await readdir(dir.join('state/job:nightly'))).toEqual([])
})

test('a source that fails keeps neither the others from being saved nor anything from going on', async ({
  ground,
  dir,
  expect,
}) => {
  const noted = order(dir)
  const { say, seen } = noted
  for (const at of ['examine', 'open', 'read', 'finish'] as const) {
    const bad = source(noted, 'bad', { fails: { at, error: new Error('broken by this test') } })
    const job = together(ground, { good: source(noted, 'good'), bad }, { before: say('hold'), after: say('release') })
    const report = await ground.run(job)
    expect(report.outcome).toBe('incomplete')
    expect(report.sources).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ source: 'good', outcome: 'succeeded' }),
        expect.objectContaining({ source: 'bad', outcome: 'failed' }),
      ]),
    )
    expect(bad.isOpen).toBe(false)
  }
  expect((await seen()).filter((line) => line === 'release')).toHaveLength(4)
})

test('what cannot be held still is let go on, and the sources are saved as they are, and said to be incomplete', async ({
  ground,
  dir,
  expect,
}) => {
  const noted = order(dir)
  const job = together(
    ground,
    { one: source(noted, 'one') },
    { before: ['sh', '-c', 'echo no way >&2; exit 3'], after: noted.say('release') },
  )
  const report = await ground.run(job)
  expect(report.outcome).toBe('incomplete')
  expect(report.steps.find(({ kind }) => kind === 'hold')).toMatchObject({
    outcome: 'failed',
    message: 'sh failed with exit status 3',
  })
  expect(ground.lines).toContain('sh: no way')
  expect(await noted.seen()).toEqual(['release', 'open one', 'read one'])
  expect(report.sources).toMatchObject([{ outcome: 'incomplete', findings: [{ severity: 'error' }] }])
  expect((await ground.snapshots('usb'))[0]?.tags).toContain('incomplete')
  expect((await manifests(ground))[0]?.consistent).toBeUndefined()
})

test('what does not go on is told, and tried again by the next run of any job', async ({ ground, dir, expect }) => {
  const noted = order(dir)
  const after = ['sh', '-c', `test -e '${dir.join('well')}' && echo release >>'${dir.join('order')}'`]
  const report = await ground.run(together(ground, { one: source(noted, 'one') }, { before: noted.say('hold'), after }))
  expect(report.outcome).toBe('incomplete')
  expect(report.steps.find(({ kind }) => kind === 'release')).toMatchObject({
    outcome: 'incomplete',
    message: expect.stringMatching(/^what was made to hold still since \S+ does not go on: sh /) as string,
  })
  await writeFile(dir.join('well'), '')
  const next = await ground.run(ground.job({ other: source(noted, 'other') }))
  expect(next.steps[0]).toMatchObject({
    kind: 'release',
    message: expect.stringMatching(/^what an earlier run had made to hold still since \S+ goes on again$/) as string,
  })
  expect((await noted.seen()).at(-3)).toBe('release')
  expect(await readdir(dir.join('state/job:nightly'))).toEqual([])
})

test('a run that is stopped lets everything go on', async ({ ground, dir, expect }) => {
  const noted = order(dir)
  const stop = new AbortController()
  const slow = source(noted, 'slow', { onRead: async () => stop.abort(new Error('stopped by this test')) })
  const job = together(
    ground,
    { slow, other: source(noted, 'other') },
    { before: noted.say('hold'), after: noted.say('release') },
  )
  const report = await ground.run(job, { signal: stop.signal })
  expect(report.outcome).toBe('cancelled')
  expect((await noted.seen()).filter((line) => line === 'release')).toHaveLength(1)
  expect(slow.isOpen).toBe(false)
})
