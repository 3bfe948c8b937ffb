import {
  check,
  type Backend,
  DamagedError,
  type FileKind,
  KnownError,
  MemoryBackend,
  openRepository,
  type PackId,
  repairIndex,
  repairPacks,
  repairSnapshots,
  type TreeId,
} from '@hikae/engine'
import { makeTempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { isDamage } from '../src/repository/damage.ts'
import { copyAll, makeGround, namesOf, openLoaded, PASSWORD } from './support/ground.ts'
import { readEverything } from './support/read-everything.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('ground', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return await makeGround(dir)
})

type Tear = (content: Uint8Array) => Uint8Array

const TEARS: Record<string, Tear> = {
  'is empty': () => new Uint8Array(),
  'ends in the middle': (content) => content.subarray(0, content.length / 2),
  'lacks its last byte': (content) => content.subarray(0, -1),
  'has one wrong bit': (content) =>
    content.map((byte, at) => (at === Math.floor(content.length / 3) ? byte ^ 1 : byte)),
}

const KINDS = ['snapshot', 'index', 'pack'] as const

describe.each(Object.entries(TEARS))('a file that %s', (_, tear) => {
  test.for(KINDS)(
    'is found and named (%s), the others can be read, and repair brings back what can be',
    async (kind, { ground, expect }) => {
      const names = await namesOf(ground.backend, kind)
      for (const name of names) {
        const backend = await copyAll(ground.backend, new MemoryBackend())
        await tearFile(backend, kind, name, tear)
        const report = await check(await openRepository(backend, { password: PASSWORD }), { readData: 'all' })
        const found = report.errors.map((finding) => finding[kind])
        expect({ kind, name, found }).toMatchObject({ found: expect.arrayContaining([name]) as string[] })
        const before = await readableTrees(backend)
        // Of a torn snapshot only that one is lost; an index can be made again; of a torn pack what is in it.
        if (kind === 'snapshot') expect(before).toHaveLength(2)
        await repairAll(backend, report.damagedPacks)
        const after = await check(await openLoaded(backend), { readData: 'all' })
        expect(after.errors).toEqual([])
        const left = await readEverything(await openLoaded(backend))
        if (kind === 'index') expect(left).toEqual(ground.trees)
        expect(before.filter((tree) => !left.includes(tree))).toEqual([])
      }
    },
  )

  test.for(['config', 'key'] as const)(
    'is named, and keeps everything closed (%s)',
    async (kind, { ground, expect }) => {
      const backend = await copyAll(ground.backend, new MemoryBackend())
      const name = kind === 'config' ? '' : (await namesOf(backend, 'key'))[0]!
      await tearFile(backend, kind, name, tear)
      await expect(openRepository(backend, { password: PASSWORD })).rejects.toBeInstanceOf(KnownError)
    },
  )
})

async function tearFile(backend: Backend, kind: FileKind, name: string, tear: Tear): Promise<void> {
  const content = tear(await backend.read(kind, name))
  if (kind !== 'config') await backend.remove(kind, name)
  await backend.write(kind, name, content, { replace: true })
}

/** As far as the index can be read. */
async function readableTrees(backend: Backend): Promise<TreeId[]> {
  const repository = await openRepository(backend, { password: PASSWORD })
  try {
    await repository.loadIndex()
  } catch (error) {
    if (error instanceof DamagedError) return []
    throw error
  }
  const readable: TreeId[] = []
  for (const { id, tree } of await repository.snapshots(undefined, () => undefined)) {
    const alone = await onlySnapshot(backend, id)
    try {
      await readEverything(alone)
      readable.push(tree)
    } catch (error) {
      if (!isDamage(error)) throw error
    }
  }
  return readable
}

/** The repository as if it had one snapshot only. */
async function onlySnapshot(backend: Backend, wanted: string) {
  const copy = await copyAll(backend, new MemoryBackend())
  for (const name of await namesOf(copy, 'snapshot')) if (name !== wanted) await copy.remove('snapshot', name)
  return await openLoaded(copy)
}

/** What `check` advises, in its order. */
async function repairAll(backend: Backend, damagedPacks: readonly PackId[]): Promise<void> {
  const repository = await openRepository(backend, { password: PASSWORD })
  await repairIndex(repository)
  await repository.loadIndex()
  if (damagedPacks.length > 0) await repairPacks(repository, damagedPacks)
  await repairSnapshots(await openLoaded(backend), { originals: 'remove' })
}
