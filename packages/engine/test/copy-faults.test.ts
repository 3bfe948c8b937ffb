import { test as base } from 'vitest'
import {
  BackendError,
  check,
  copySnapshots,
  initRepository,
  MemoryBackend,
  type Repository,
  type StoredSnapshot,
} from '@hikae/engine'
import { makeTempDir, withFaults, type Fault } from '@hikae/testkit'
import { INIT, makeGround, openLoaded } from './support/ground.ts'

/** What is copied. */
interface Source {
  readonly from: Repository
  readonly snapshots: readonly StoredSnapshot[]
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('source', { scope: 'file' }, async ({}, { onCleanup }): Promise<Source> => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  const { backend } = await makeGround(dir)
  const from = await openLoaded(backend)
  return { from, snapshots: await from.snapshots() }
})
// oxlint-enable no-empty-pattern

test('an interrupted copy leaves no snapshot that lacks anything, whatever call fails, and the next one finishes the work', async ({
  source,
  expect,
}) => {
  const { from, snapshots } = source
  const { calls } = await copyWithCrashAt(source, undefined)
  expect(calls).toBeGreaterThan(6)
  // Both ways: without any effect, and with the effect but without the answer.
  for (let number = 1; number <= calls; number++) {
    for (const when of ['before', 'after'] as const) {
      const { memory, failure } = await copyWithCrashAt(source, { number, when })
      const what = `a crash ${when} call ${number} of ${calls}`
      expect(failure, what).toBeInstanceOf(Error)
      const to = await openLoaded(memory)
      expect((await check(to)).errors, what).toEqual([])
      const { snapshots: outcomes } = await copySnapshots(from, to, snapshots)
      expect(
        outcomes.map(({ kind }) => kind),
        what,
      ).not.toContain('damaged')
      const copies = await to.snapshots()
      expect(
        copies.map(({ original }) => original),
        what,
      ).toEqual(snapshots.map(({ id }) => id))
      expect((await check(to)).errors, what).toEqual([])
    }
  }
})

test('what an interrupted copy had stored is found by the next', async ({ source, expect }) => {
  const memory = await emptyRepository()
  const backend = withFaults(memory, ({ operation, kind }) =>
    operation === 'write' && kind === 'snapshot' ? { kind: 'crash', when: 'before' } : undefined,
  )
  const to = await openLoaded(backend)
  await expect(copySnapshots(source.from, to, source.snapshots)).rejects.toThrow('died')
  const report = await copySnapshots(source.from, await openLoaded(memory), source.snapshots)
  expect(report.snapshots.map(({ kind }) => kind)).toEqual(['copied', 'copied', 'copied'])
  expect(report).toMatchObject({ blobs: 0, bytesRead: 0, bytesStored: 0 })
})

test('a source that fails ends the copy: that is not damage', async ({ source, expect }) => {
  const { calls } = await copyFrom(source, () => undefined)
  for (let number = 1; number <= calls; number++) {
    const { failure, to } = await copyFrom(source, (call) => (call === number ? { kind: 'fail-before' } : undefined))
    expect(failure, `call ${number} of ${calls}`).toMatchObject({
      message: expect.stringContaining('was lost') as string,
    })
    expect((await check(to)).errors).toEqual([])
  }
})

test('a disk that cannot read some of the source keeps back what lies there, and no more', async ({
  source,
  expect,
}) => {
  const trees = source.from.index.find('tree', source.snapshots[2]!.tree)!.pack
  const failure = new BackendError('input/output error', { cause: Object.assign(new Error('EIO'), { code: 'EIO' }) })
  const backend = withFaults(source.from.backend, ({ operation, fileName }) =>
    operation === 'read' && fileName === trees ? { kind: 'fail-before', error: failure } : undefined,
  )
  const to = await openLoaded(await emptyRepository())
  const report = await copySnapshots(await openLoaded(backend), to, source.snapshots)
  expect(report.snapshots).toMatchObject([
    { kind: 'copied' },
    { kind: 'copied' },
    { kind: 'damaged', path: '/', reason: 'input/output error' },
  ])
  expect((await check(to)).errors).toEqual([])
})

test('a copy that is to stop stores nothing', async ({ source, expect }) => {
  const memory = await emptyRepository()
  const stop = { signal: AbortSignal.abort(new Error('enough')) }
  await expect(copySnapshots(source.from, await openLoaded(memory), source.snapshots, stop)).rejects.toThrow('enough')
  const to = await openLoaded(memory)
  expect([await to.listIds('snapshot'), await to.listIds('pack')]).toEqual([[], []])
})

async function emptyRepository(): Promise<MemoryBackend> {
  const backend = new MemoryBackend()
  await initRepository(backend, INIT)
  return backend
}

async function copyWithCrashAt(
  { from, snapshots }: Source,
  crash: { number: number; when: 'before' | 'after' } | undefined,
): Promise<{ calls: number; memory: MemoryBackend; failure: unknown }> {
  const memory = await emptyRepository()
  let isArmed = false
  let calls = 0
  const backend = withFaults(memory, () =>
    isArmed && ++calls === crash?.number ? { kind: 'crash', when: crash.when } : undefined,
  )
  const to = await openLoaded(backend)
  isArmed = true
  const failure = await errorOf(copySnapshots(from, to, snapshots))
  return { calls, memory, failure }
}

async function copyFrom(
  { from: { backend }, snapshots }: Source,
  plan: (call: number) => Fault | undefined,
): Promise<{ calls: number; failure: unknown; to: Repository }> {
  let isArmed = false
  let calls = 0
  const from = await openLoaded(withFaults(backend, () => (isArmed ? plan(++calls) : undefined)))
  const memory = await emptyRepository()
  const to = await openLoaded(memory)
  isArmed = true
  const failure = await errorOf(copySnapshots(from, to, snapshots))
  return { calls, failure, to }
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  )
}
