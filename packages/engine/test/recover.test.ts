import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { lockAndLoad, openLocalBackend, openRepository, recover, type RecoverReport } from '@hikae/engine'
import {
  compareTrees,
  findRestic,
  makeCheapRepository,
  makeTempDir,
  Restic,
  skipBecause,
  type TempDir,
} from '@hikae/testkit'

const PASSWORD = 'correct horse'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})
// oxlint-enable no-empty-pattern

const binary = await findRestic('0.17.0')
const noRestic = skipBecause(binary === undefined ? 'no restic 0.17: run script/fetch-program restic' : undefined)

function resticOn(repository: string): Restic {
  return new Restic({ binary: binary!, repository, password: PASSWORD })
}

async function recoverIn(location: string): Promise<RecoverReport> {
  await using repository = await openRepository(await openLocalBackend(location), { password: PASSWORD })
  await using _lock = await lockAndLoad(repository, 'exclusive')
  return await recover(repository, { hostname: 'here', username: 'me', uid: 0, gid: 0 })
}

/** Three snapshots of two directories, which share files; the first two have lost their snapshot files. */
async function makeLosses(dir: TempDir): Promise<Restic> {
  const restic = resticOn(dir.join('repository'))
  await makeCheapRepository(restic.repository, PASSWORD)
  for (const [name, extra] of [
    ['one', 'first'],
    ['two', 'second'],
    ['two', 'third'],
  ] as const) {
    await mkdir(dir.join(`${name}/sub/deep`), { recursive: true })
    await writeFile(dir.join(`${name}/sub/deep/shared`), 'shared')
    await writeFile(dir.join(`${name}/${extra}`), extra)
    await restic.backup(['.'], ['--host', extra], { cwd: dir.join(name) })
  }
  const [first, second] = await restic.snapshots()
  await Promise.all([first, second].map((snapshot) => rm(join(restic.repository, 'snapshots', snapshot!.id))))
  return restic
}

/** A tree as restic prints it, without the moment of the recovery. */
async function treeOf(restic: Restic, snapshot: string): Promise<unknown> {
  const { nodes } = JSON.parse((await restic.cat('tree', snapshot)).toString()) as { nodes: Record<string, unknown>[] }
  return nodes.map(({ mtime: _mtime, atime: _atime, ctime: _ctime, ...node }) => node)
}

test.skipIf(noRestic)('what is recovered is what restic recovers', async ({ dir, expect }) => {
  const ours = await makeLosses(dir)
  const theirs = resticOn(dir.join('theirs'))
  await cp(ours.repository, theirs.repository, { recursive: true })
  const report = await recoverIn(ours.repository)
  await theirs.ok(['recover'])
  const recovered = async (restic: Restic) => {
    const [snapshot, ...others] = (await restic.snapshots()).filter(({ tags }) => tags?.includes('recovered'))
    expect(others).toEqual([])
    return snapshot!
  }
  const [own, other] = [await recovered(ours), await recovered(theirs)]
  expect(own.id).toBe(report.snapshot!.id)
  expect(own.paths).toEqual(other.paths)
  expect(await treeOf(ours, own.id)).toEqual(await treeOf(theirs, other.id))
  expect(report.recovered.map(({ firstEntries, files }) => ({ firstEntries, files }))).toEqual(
    expect.arrayContaining([
      { firstEntries: ['first', 'sub'], files: 2 },
      { firstEntries: ['second', 'sub'], files: 2 },
    ]),
  )
  await ours.check()
  // Neither of the two finds anything more, whoever was first.
  expect((await ours.ok(['recover'])).stdout).toContain('no snapshot to write')
  expect((await recoverIn(theirs.repository)).recovered).toEqual([])
})

test.skipIf(noRestic)('restic restores what was recovered, byte for byte', async ({ dir, expect }) => {
  const restic = await makeLosses(dir)
  const { snapshot, recovered } = await recoverIn(restic.repository)
  await restic.restore(snapshot!.id, dir.join('restored'))
  expect((await readdir(dir.join('restored'))).sort()).toEqual(recovered.map(({ name }) => name))
  const one = recovered.find(({ firstEntries }) => firstEntries.includes('first'))!
  expect(await compareTrees(dir.join('one'), dir.join('restored', one.name), { root: false })).toEqual([])
})
