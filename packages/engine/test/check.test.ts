import { readdir, readFile, rm, truncate, writeFile, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { check, openLocalBackend, openRepository, type CheckReport } from '@hikae/engine'
import { findRestic, makeTempDir, randomBytesOf, Restic, skipBecause } from '@hikae/testkit'

const PASSWORD = 'correct horse'
const binary = await findRestic()
const noRestic = skipBecause(
  binary === undefined ? 'no restic: install it or run script/fetch-program restic' : undefined,
)

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('restic', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  const restic = new Restic({ binary: binary!, repository: dir.join("it's here"), password: PASSWORD })
  await restic.initCheaply()
  for (const name of ['one', 'two']) {
    await writeFile(dir.join(name), randomBytesOf(name, 2_000_000))
    await restic.backup([name], [], { cwd: dir.path })
  }
  return restic
})
// oxlint-enable no-empty-pattern

async function checkAll({ repository: folder }: Restic): Promise<CheckReport> {
  await using repository = await openRepository(await openLocalBackend(folder), { password: PASSWORD })
  return await check(repository, { readData: 'all' })
}

/** The pack that holds the first part of the file in a snapshot. */
async function packOf(restic: Restic, snapshot: number): Promise<string> {
  const { id } = (await restic.snapshots())[snapshot]!
  const tree = JSON.parse((await restic.cat('tree', id)).toString()) as { nodes: { content: string[] }[] }
  const blob = tree.nodes[0]!.content[0]!
  for (const index of await readdir(join(restic.repository, 'index'))) {
    const { packs } = JSON.parse((await restic.cat('index', index)).toString()) as {
      packs: { id: string; blobs: { id: string }[] }[]
    }
    const pack = packs.find(({ blobs }) => blobs.some(({ id }) => id === blob))
    if (pack) return pack.id
  }
  throw new Error(`blob ${blob} is in no index`)
}

function fileOf(restic: Restic, pack: string): string {
  return join(restic.repository, 'data', pack.slice(0, 2), pack)
}

test.skipIf(noRestic)('a flipped bit is found in the pack where restic finds it', async ({ restic, expect }) => {
  const pack = await packOf(restic, 1)
  const content = await readFile(fileOf(restic, pack))
  content[1000]! ^= 1
  await chmod(fileOf(restic, pack), 0o600)
  await writeFile(fileOf(restic, pack), content)
  const report = await checkAll(restic)
  expect(report.damagedPacks).toEqual([pack])
  expect(report.errors.map(({ kind, path }) => ({ kind, path }))).toEqual([
    { kind: 'pack-damaged', path: undefined },
    { kind: 'file-affected', path: '/two' },
  ])
  expect(report.suggestions).toContainEqual({ kind: 'command', command: `repair packs ${pack}` })
  const snapshots = await restic.snapshots()
  expect(report.touchedSnapshots).toMatchObject([{ id: snapshots[1]!.id, time: snapshots[1]!.time, files: 1 }])
  const { exitCode, stdout, stderr } = await restic.run(['check', '--read-data'])
  expect(exitCode).toBe(1)
  expect(stdout + stderr).toContain(pack.slice(0, 8))
})

test.skipIf(noRestic)('truncated and missing packs are found, as by restic', async ({ restic, expect }) => {
  const [truncated, missing] = [await packOf(restic, 0), await packOf(restic, 1)]
  await chmod(fileOf(restic, truncated), 0o600)
  await truncate(fileOf(restic, truncated), 1000)
  await rm(fileOf(restic, missing))
  const report = await checkAll(restic)
  expect(report.errors.find(({ kind }) => kind === 'pack-size')?.pack).toBe(truncated)
  expect(report.errors.find(({ kind }) => kind === 'pack-missing')?.pack).toBe(missing)
  const affected = report.errors.filter(({ kind }) => kind === 'file-affected')
  expect(new Set(affected.map(({ path }) => path))).toEqual(new Set(['/one', '/two']))
  const { exitCode, stdout, stderr } = await restic.run(['check'])
  expect(exitCode).toBe(1)
  for (const pack of [truncated, missing]) expect(stdout + stderr).toContain(pack.slice(0, 8))
})

test.skipIf(noRestic)(
  'an index file that is gone touches snapshots, and restic brings it back as suggested',
  async ({ restic, expect }) => {
    const [index] = await readdir(join(restic.repository, 'index'))
    await rm(join(restic.repository, 'index', index!))
    const report = await checkAll(restic)
    expect(report.errors.some(({ kind }) => kind === 'pack-unindexed')).toBe(true)
    expect(report.touchedSnapshots.length).toBeGreaterThan(0)
    expect(report.suggestions.flatMap((step) => (step.kind === 'command' ? [step.command] : []))).toEqual([
      'repair index',
      'check --read-data',
    ])
    await restic.ok(['repair', 'index'])
    expect(await checkAll(restic)).toMatchObject({ errors: [], snapshots: 2, touchedSnapshots: [] })
  },
)

test.skipIf(noRestic)('what restic repairs as suggested is whole again', async ({ restic, expect }) => {
  const missing = await packOf(restic, 1)
  await rm(fileOf(restic, missing))
  const { suggestions } = await checkAll(restic)
  const commands = suggestions.flatMap((step) => (step.kind === 'command' ? [step.command] : []))
  expect(commands).toEqual(['repair index', 'repair snapshots --forget', 'check --read-data'])
  for (const command of commands) await restic.ok(command.split(' '))
  expect(await checkAll(restic)).toMatchObject({ errors: [], snapshots: 2 })
})
