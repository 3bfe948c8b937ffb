import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import type { Job, JobSource } from '../src/jobs/job.ts'
import type { Finding } from '../src/sources/finding.ts'
import type { SourceKind } from '../src/sources/source-kind.ts'
import { JobGround } from './support/job-ground.ts'

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

/** Another source of the stack, for which something was left done. */
function other(job: Job, settle: NonNullable<SourceKind['settle']>): JobSource {
  const [source] = job.sources
  return { ...source!, name: 'volumes', kind: { ...source!.kind, settle } }
}

const uploads = () => ({ uploads: { files: { 'a.txt': 'a' }, isOpen: false } })
const undone: Finding = { severity: 'warning', message: 'the container app goes on again', hint: 'find out why' }
const stuck: Finding = { severity: 'error', message: 'the container db does not go on', hint: 'docker start db' }

test('a run first undoes what was left done for any source of the stack', async ({ ground, dir, expect }) => {
  const order: string[] = []
  const job = ground.job({ uploads: { ...uploads().uploads, onRead: async () => void order.push('read') } })
  const sources = [
    ...job.sources,
    other(job, async (_config, context) => {
      order.push(`settle ${context.source} in ${await context.stateFolder()}`)
      context.log('looked at it')
      return [undone]
    }),
  ]
  const report = await ground.run(job, { sources })
  expect(order).toEqual([`settle volumes in ${dir.join('state', 'volumes')}`, 'read'])
  expect(report.outcome).toBe('succeeded')
  expect(report.steps[0]).toMatchObject({
    kind: 'release',
    source: 'volumes',
    outcome: 'succeeded',
    message: undone.message,
    hint: undone.hint,
  })
  expect(ground.lines).toContain('looked at it')
})

test('a run has no step for that when there is nothing to undo', async ({ ground, expect }) => {
  const job = ground.job(uploads())
  const report = await ground.run(job, { sources: [...job.sources, other(job, async () => [])] })
  expect(report.outcome).toBe('succeeded')
  expect(report.steps.map(({ kind }) => kind)).not.toContain('release')
})

test('a run is incomplete, and saves everything, when something cannot be undone', async ({ ground, expect }) => {
  const job = ground.job(uploads())
  const report = await ground.run(job, { sources: [...job.sources, other(job, async () => [undone, stuck])] })
  expect(report.outcome).toBe('incomplete')
  expect(report.sources).toMatchObject([{ source: 'uploads', outcome: 'succeeded' }])
  expect(report.steps[0]).toMatchObject({
    outcome: 'incomplete',
    message: 'the container app goes on again; the container db does not go on',
    hint: 'docker start db',
  })
  const failing = other(job, () => Promise.reject(new Error('no engine')))
  const next = await ground.run(job, { sources: [...job.sources, failing] })
  expect(next.outcome).toBe('incomplete')
  expect(next.steps[0]).toMatchObject({
    kind: 'release',
    source: 'volumes',
    message: 'what a killed run may have left cannot be put in order: no engine',
  })
  expect(await ground.snapshots('usb')).toHaveLength(2)
})

test('a run that is stopped before it begins undoes nothing', async ({ ground, expect }) => {
  const job = ground.job(uploads())
  let isAsked = false
  const asked = other(job, async () => {
    isAsked = true
    return [stuck]
  })
  const stopped = AbortSignal.abort(new Error('stopped by this test'))
  const report = await ground.run(job, { sources: [asked], signal: stopped })
  expect(report.outcome).toBe('cancelled')
  expect(isAsked).toBe(false)
})

test('a run undoes what was left done for a source that the stack has no longer', async ({ ground, dir, expect }) => {
  const folder = dir.join('state', 'forgotten')
  await mkdir(folder, { recursive: true })
  const held = { id: 'ab', name: 'app', how: 'stop', startedAt: '', heldAt: new Date(0).toISOString(), stopSeconds: 1 }
  const where = { engine: 'unix:///absent/docker.sock', source: 'forgotten', host: 'host', pid: 1 }
  const path = join(folder, 'held-0123456789abcdef.json')
  await writeFile(path, JSON.stringify({ version: 1, id: '0123456789abcdef', ...where, containers: [held] }))
  const report = await ground.run(ground.job(uploads()))
  expect(report.outcome).toBe('incomplete')
  expect(report.steps[0]).toMatchObject({
    kind: 'release',
    source: 'forgotten',
    outcome: 'incomplete',
    message: expect.stringContaining('the container app, which a killed run has left held still'),
    hint: expect.stringContaining(path),
  })
  await rm(path)
  expect((await ground.run(ground.job(uploads()))).outcome).toBe('succeeded')
})
