import { readFile } from 'node:fs/promises'
import { collect, faultAt, makeTempDir, withFaults } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { dump } from '@hikae/engine'
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
    for (const name of ['usb', 'offsite']) await ground.addRepository(name)
    return ground
  })
// oxlint-enable no-empty-pattern

function uploads(): Behaviour {
  return { files: { 'a.txt': 'a'.repeat(100), 'b.txt': 'b'.repeat(100) }, isOpen: false }
}

/** So large that losing it is noticed. */
function large(): Behaviour {
  return { files: { large: 'x'.repeat(200_000), small: 'small' }, isOpen: false }
}

const hook = (script: string) => ({ run: ['sh', '-c', script], timeout: 60_000 })

describe('a run', () => {
  test('saves every source in every repository, with what is needed to begin from nothing', async ({
    ground,
    expect,
  }) => {
    const report = await ground.run(ground.job({ uploads: uploads(), settings: uploads() }))
    expect(report.outcome).toBe('succeeded')
    expect(report.sources.map(({ source, outcome }) => [source, outcome])).toEqual([
      ['uploads', 'succeeded'],
      ['settings', 'succeeded'],
    ])
    expect(report.sources[0]).toMatchObject({ files: 2, bytes: 200 })
    for (const name of ['usb', 'offsite']) {
      const snapshots = await ground.snapshots(name)
      const of = (at: number) => snapshots.find(({ id }) => id === report.sources[at]!.snapshots[name])!
      expect(snapshots).toHaveLength(2)
      expect(of(0).tags).toEqual([
        ...['hikae', 'stack=shop', 'job=nightly', 'source=uploads', 'kind=obedient', 'run=run-1'],
      ])
      const repository = await ground.open(name)
      const { manifest } = await openPoint(repository, of(1), new AbortController().signal)
      expect(manifest).toMatchObject({ source: 'settings', run: 'run-1', facts: { files: 2 } })
      const stored = await collect(dump(repository, of(0), '/.hikae/stack/0-hikae.yaml'))
      expect(Buffer.concat(stored).toString()).toBe('version: 1\n')
    }
  })

  test.for(['examine', 'open', 'read', 'finish'] as const)(
    'goes on when one source fails at %s, and says which and why',
    async (at, { ground, expect }) => {
      const broken = { ...uploads(), fails: { at, error: new Error('the cable is loose') } }
      const report = await ground.run(ground.job({ broken, whole: uploads() }))
      expect(report.outcome).toBe('incomplete')
      expect(report.sources.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
      expect(report.steps.find(({ outcome }) => outcome === 'failed')).toMatchObject({
        source: 'broken',
        message: expect.stringContaining('the cable is loose') as string,
      })
      expect(broken.isOpen).toBe(false)
      for (const name of ['usb', 'offsite']) {
        const sources = (await ground.snapshots(name)).map(({ tags }) => tags!.find((tag) => tag.startsWith('source=')))
        expect(sources).toEqual(['source=whole'])
      }
    },
  )

  test('has failed when all sources did', async ({ ground, expect }) => {
    const broken = { ...uploads(), fails: { at: 'read', error: new Error('gone') } as const }
    expect((await ground.run(ground.job({ broken }))).outcome).toBe('failed')
  })

  test('is incomplete when a repository cannot be opened, and the others have it', async ({ ground, expect }) => {
    const job = ground.job({ uploads: uploads() })
    ground.backends.delete('usb')
    const report = await ground.run(job)
    expect(report.outcome).toBe('incomplete')
    expect(report.sources[0]).toMatchObject({
      outcome: 'incomplete',
      snapshots: { offsite: expect.any(String) as string },
    })
    expect(await ground.snapshots('offsite')).toHaveLength(1)
    ground.backends.delete('offsite')
    expect((await ground.run(job)).outcome).toBe('failed')
  })

  test('reads the snapshots of each repository once, however many sources there are', async ({ ground, expect }) => {
    const job = ground.job({ uploads: uploads(), settings: uploads(), mail: uploads() })
    await ground.run(job)
    const usb = withFaults(ground.backends.get('usb')!)
    ground.backends.set('usb', usb)
    expect((await ground.run(job)).outcome).toBe('succeeded')
    const lists = usb.calls.filter(({ operation, kind }) => operation === 'list' && kind === 'snapshot')
    expect(lists).toHaveLength(1)
    // Three are there; each of the three that are stored is looked at once.
    const reads = usb.calls.filter(({ operation, kind }) => operation === 'read' && kind === 'snapshot')
    expect(reads).toHaveLength(6)
    for (const { parent } of (await ground.snapshots('usb')).slice(3)) expect(parent).toEqual(expect.any(String))
  })

  test('fails in the step that opens a repository whose snapshots cannot be listed, and there alone', async ({
    ground,
    expect,
  }) => {
    const plan = faultAt({ operation: 'list', kind: 'snapshot' }, { kind: 'fail-before' })
    ground.backends.set('usb', withFaults(ground.backends.get('usb')!, plan))
    const report = await ground.run(ground.job({ uploads: uploads(), settings: uploads() }))
    expect(report.outcome).toBe('incomplete')
    const failed = report.steps.filter(({ outcome }) => outcome === 'failed')
    expect(failed).toMatchObject([{ kind: 'open', repository: 'usb' }])
    expect(await ground.snapshots('offsite')).toHaveLength(2)
  })

  test('that is told to stop releases the source, and its last hooks run all the same', async ({
    ground,
    dir,
    expect,
  }) => {
    const stop = new AbortController()
    const behaviour: Behaviour = { ...uploads(), onRead: async () => stop.abort(new Error('enough')) }
    const hooks = { before: [], success: [], failure: [], after: [hook('echo "$HIKAE_OUTCOME" >outcome')] }
    const report = await ground.run(ground.job({ behaviour, later: uploads() }, { hooks }), { signal: stop.signal })
    expect(report.outcome).toBe('cancelled')
    expect(behaviour.isOpen).toBe(false)
    expect(await readFile(dir.join('outcome'), 'utf8')).toBe('cancelled\n')
    expect(await ground.snapshots('usb')).toEqual([])
  })

  test('that lasts too long is stopped, and has failed', async ({ ground, expect }) => {
    const onRead = async (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const job = ground.job({ slow: { ...uploads(), onRead } }, { limits: { timeoutMs: 200 } })
    const report = await ground.run(job)
    expect(report.outcome).toBe('failed')
    expect(report.steps.find(({ kind }) => kind === 'read')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('took longer than') as string,
    })
  })
})

describe('hooks', () => {
  test('run around the sources, with what they need to know', async ({ ground, dir, expect }) => {
    const say = (what: string) => hook(`echo ${what} "$HIKAE_JOB" "$HIKAE_OUTCOME" >>log; echo said ${what}`)
    const hooks = {
      before: [say('before')],
      after: [say('after')],
      success: [say('success')],
      failure: [say('failure')],
    }
    await ground.run(ground.job({ uploads: uploads() }, { hooks }))
    expect(await readFile(dir.join('log'), 'utf8')).toBe(
      'before nightly \nsuccess nightly succeeded\nafter nightly succeeded\n',
    )
    expect(ground.lines).toContain('sh: said after')
  })

  test('that fail before keep everything from being read, and those after tell of it', async ({
    ground,
    dir,
    expect,
  }) => {
    const behaviour = uploads()
    const hooks = { before: [hook('echo no >&2; exit 7')], after: [], success: [], failure: [hook('echo told >log')] }
    const report = await ground.run(ground.job({ behaviour }, { hooks }))
    expect(report.outcome).toBe('failed')
    expect(report.steps[0]).toMatchObject({
      kind: 'hook',
      outcome: 'failed',
      message: expect.stringContaining('exit status 7') as string,
    })
    expect(await readFile(dir.join('log'), 'utf8')).toBe('told\n')
    expect(await ground.snapshots('usb')).toEqual([])
  })

  test('that hang are stopped, and the run says so', async ({ ground, expect }) => {
    const hanging = { run: ['sleep', '600'], timeout: 100 }
    const hooks = { before: [], success: [], failure: [], after: [hanging] }
    const report = await ground.run(ground.job({ uploads: uploads() }, { hooks }))
    expect(report.outcome).toBe('incomplete')
    expect(report.steps.at(-1)).toMatchObject({ message: expect.stringContaining('took longer') as string })
    expect(await ground.snapshots('usb')).toHaveLength(1)
  })
})

describe('a source that has become less', () => {
  test('is saved, but is not good: the run is incomplete, unless that is accepted', async ({ ground, expect }) => {
    const behaviour = large()
    const job = ground.job({ behaviour })
    await ground.run(job)
    behaviour.files = { small: 'small' }
    const report = await ground.run(job)
    expect(report.outcome).toBe('incomplete')
    expect(report.sources[0]!.findings[0]!.message).toMatch(/^it has lost 99 % since the last good run/)
    expect((await ground.snapshots('usb'))[1]!.tags).toContain('incomplete')
    // What was not good is not what the next one is compared with.
    expect((await ground.run(job)).outcome).toBe('incomplete')
    expect((await ground.run(job, { acceptShrinkage: true })).outcome).toBe('succeeded')
    expect((await ground.run(job)).outcome).toBe('succeeded')
  })

  test('to nothing is named', async ({ ground, expect }) => {
    const report = await ground.run(ground.job({ nothing: { files: {}, isOpen: false } }))
    expect(report.outcome).toBe('incomplete')
    expect(report.sources[0]!.findings).toEqual([expect.objectContaining({ message: 'there is nothing in it' })])
  })
})

describe('retention', () => {
  test('keeps what the policy says of each source, in each repository', async ({ ground, expect }) => {
    const job = ground.job({ one: uploads(), two: uploads() }, { keep: { last: 2 } })
    for (let day = 0; day < 4; day++) expect((await ground.run(job)).outcome).toBe('succeeded')
    for (const name of ['usb', 'offsite']) {
      const runs = (await ground.snapshots(name)).map(({ tags }) => tags!.at(-1))
      expect(runs).toEqual(['run=run-3', 'run=run-3', 'run=run-4', 'run=run-4'])
    }
  })

  test('deletes nothing in a month of failures, and never takes a poor snapshot for a good one', async ({
    ground,
    expect,
  }) => {
    const behaviour = large()
    const job = ground.job({ behaviour }, { keep: { last: 2 } })
    for (let day = 0; day < 2; day++) await ground.run(job)
    const good = (await ground.snapshots('usb')).map(({ id }) => id)
    const whole = behaviour.files
    for (let day = 0; day < 30; day++) {
      behaviour.files = day % 2 === 0 ? {} : whole
      if (day % 2 === 1) behaviour.fails = { at: 'read', error: new Error('unreadable') }
      else delete behaviour.fails
      expect((await ground.run(job)).outcome).not.toBe('succeeded')
    }
    const kept = (await ground.snapshots('usb')).map(({ id }) => id)
    expect(kept).toEqual(expect.arrayContaining(good))
    expect(kept).toHaveLength(2 + 15)
    behaviour.files = whole
    delete behaviour.fails
    const back = await ground.run(job, { acceptShrinkage: true })
    expect(back.outcome).toBe('succeeded')
    // The policy now holds for each sort by itself.
    const after = await ground.snapshots('usb')
    const poor = after.filter(({ tags }) => tags!.includes('incomplete'))
    expect(poor).toHaveLength(2)
    expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining([good[1]!, back.sources[0]!.snapshots['usb']!]))
  })
})
