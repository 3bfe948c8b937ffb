import { describe, expect, test } from 'vitest'
import { BackendError, FileMissingError } from '../../backend/backend.ts'
import { MemoryBackend } from '../../backend/memory.ts'
import { sha256Id } from '../../crypto/hash.ts'
import type { Id, PackId, TreeId } from '../../ids.ts'
import { encodeIndex, type IndexedPack } from '../../index/index-file.ts'
import {
  alterFile,
  flipBit,
  makeFilledRepository,
  makeNode,
  makeRepository,
  RepositoryFiller,
  type TreeSpec,
} from '../../repository/fixture.test.support.ts'
import { openRepository } from '../../repository/open.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Node } from '../../tree/node.ts'
import { check } from './check.ts'
import type { CheckOptions, CheckReport } from './report.ts'

const SPEC: TreeSpec = { dir: { file: 'content of a file', sub: { deep: 'deep' } }, other: 'other content' }

const stepsOf = ({ suggestions }: CheckReport) =>
  suggestions.map((step) => (step.kind === 'command' ? step.command : step.advice))

const kindsOf = (findings: CheckReport['errors']) => findings.map(({ kind }) => kind)

async function checkFresh(repository: Repository, options: CheckOptions = {}): Promise<CheckReport> {
  return await check(await openRepository(repository.backend, { password: 'secret' }), options)
}

async function replaceIndexes(repository: Repository, ...indexes: (readonly IndexedPack[])[]): Promise<void> {
  for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
  for (const packs of indexes) await repository.writeUnpacked('index', encodeIndex(packs))
}

/** A snapshot of one directory with exactly these entries, or with exactly this tree blob. */
async function repositoryWith(nodes: readonly Node[] | Uint8Array): Promise<Repository> {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  const tree: TreeId = nodes instanceof Uint8Array ? await filler.addBlob('tree', nodes) : await filler.addNodes(nodes)
  await filler.finish()
  await filler.addSnapshot(tree)
  return repository
}

describe('a repository that is whole', () => {
  test('has no findings, and everything in it is counted', async () => {
    const { repository } = await makeFilledRepository([SPEC, { ...SPEC, more: 'more' }])
    const report = await checkFresh(repository, { readData: 'all' })
    const sizes = await repository.listIds('pack')
    expect(report).toEqual({
      errors: [],
      hints: [],
      snapshots: 2,
      trees: 4,
      packs: 2,
      packsRead: 2,
      bytesRead: sizes.reduce((sum, { size }) => sum + size, 0),
      touchedSnapshots: [],
      damagedPacks: [],
      suggestions: [],
    })
  })

  test('may be empty, or of version 1', async () => {
    expect((await checkFresh(await makeRepository(), { readData: 'all' })).errors).toEqual([])
    const { repository } = await makeFilledRepository([SPEC], { version: 1 })
    expect(await checkFresh(repository, { readData: 'all' })).toMatchObject({ errors: [], hints: [], packsRead: 2 })
  })

  test('shows how far the check has come, at last that it is done', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const progress: unknown[] = []
    await checkFresh(repository, { readData: 'all', onProgress: (now) => progress.push(now) })
    expect(progress.at(-1)).toMatchObject({ snapshots: 1, treesDone: 3, packsDone: 2, packsTotal: 2, errors: 0 })
  })

  test('is not checked further when the check is aborted', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(checkFresh(repository, { readData: 'all', signal })).rejects.toThrow('enough')
  })
})

describe('what readers accept', () => {
  test('is no error: pretty trees, unknown keys, odd order, missing times', async () => {
    const tree = `{ "extra": 1, "nodes": [
      {"name":"z","type":"fifo"}, {"NAME":"a","type":"file","content":[],"unknown":{}} ] }`
    expect(await checkFresh(await repositoryWith(Buffer.from(tree)))).toMatchObject({ errors: [], trees: 1 })
    expect((await checkFresh(await repositoryWith(Buffer.from('{"nodes":null}')))).errors).toEqual([])
  })

  test('is a hint: packs in no index, in several, and with both types of blobs', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const packs = [...repository.index.packs()]
    await replaceIndexes(repository, packs, packs)
    await repository.backend.write('pack', sha256Id(Buffer.from('left over')), Buffer.from('left over'))
    const report = await checkFresh(repository, { readData: 'all' })
    expect(report.errors).toEqual([])
    expect(kindsOf(report.hints)).toEqual(['pack-in-several-indexes', 'pack-in-several-indexes', 'pack-unreferenced'])
    expect(stepsOf(report)).toEqual(['prune'])
  })

  test('is a hint: a pack whose entries are spread over two index files', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const [first, second] = [...repository.index.packs()]
    const { id, blobs } = first!
    await replaceIndexes(repository, [{ id, blobs: blobs.slice(0, 1) }, second!], [{ id, blobs: blobs.slice(1) }])
    const report = await checkFresh(repository, { readData: 'all' })
    expect(report.errors).toEqual([])
    expect(report.hints).toMatchObject([{ kind: 'pack-in-several-indexes', pack: id }])
  })
})

describe('a damaged index', () => {
  test.for(['unreadable', 'missing'] as const)(
    'that is %s touches every snapshot, but loses nothing: the packs say themselves what they hold',
    async (how) => {
      const { repository, snapshots } = await makeFilledRepository([SPEC])
      const [index] = await repository.listIds('index')
      if (how === 'missing') await repository.backend.remove('index', index!.id)
      else await alterFile(repository.backend, 'index', index!.id, flipBit(60))
      const report = await checkFresh(repository)
      if (how === 'unreadable') expect(report.errors[0]).toMatchObject({ kind: 'index-unreadable', index: index!.id })
      const files = report.errors.filter(({ kind }) => kind === 'file-unindexed')
      expect(new Set(files.map(({ path }) => path))).toEqual(new Set(['/dir/file', '/dir/sub/deep', '/other']))
      const directories = report.errors.filter(({ kind }) => kind === 'directory-unindexed')
      expect(new Set(directories.map(({ path }) => path))).toEqual(new Set(['/', '/dir', '/dir/sub']))
      expect(report.errors.filter(({ kind }) => kind === 'pack-unindexed')).toHaveLength(2)
      expect(report.touchedSnapshots).toEqual([
        { id: snapshots[0]!.id, time: snapshots[0]!.time, hostname: 'host', files: 3, directories: 3 },
      ])
      expect(stepsOf(report).slice(1)).toEqual(['repair index', 'check --read-data'])
    },
  )

  test('that is missing together with a pack: what is lost is told from what the index only forgot', async () => {
    const { repository } = await makeFilledRepository([{ kept: 'kept' }])
    const filler = new RepositoryFiller(repository)
    const tree = await filler.addTree({ lost: 'lost', kept: 'kept' })
    await filler.finish()
    await filler.addSnapshot(tree, { time: '2025-01-01T00:00:00Z' })
    const lost = repository.index.find('data', sha256Id(Buffer.from('lost')))!.pack
    for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
    await repository.backend.remove('pack', lost)
    const report = await checkFresh(repository)
    const files = report.errors.filter(({ path }) => path?.startsWith('/lost') || path?.startsWith('/kept'))
    expect(files.map(({ kind, path }) => `${kind} ${path}`).toSorted()).toEqual([
      'blob-missing /lost',
      'file-unindexed /kept',
      'file-unindexed /kept',
    ])
    expect(stepsOf(report).join('; ')).toMatch(/repair index; back up again .*; repair snapshots --forget/)
  })

  test('that is missing is no loss for a pack whose header is damaged, unless snapshots need it', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    await repository.backend.write('pack', sha256Id(Buffer.from('left over')), Buffer.from('left over'.repeat(20)))
    const report = await checkFresh(repository)
    expect(report.errors).toEqual([])
    expect(report.hints[0]!.message).toMatch(/is in no index: pack .* cannot be listed/)
  })

  test('that contradicts another one is an error', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const [first, second] = [...repository.index.packs()]
    const wrong = first!.blobs.map((blob, at) => (at === 0 ? { ...blob, id: sha256Id(Buffer.from('x')) } : blob))
    await replaceIndexes(repository, [first!, second!], [{ id: first!.id, blobs: wrong }])
    const report = await checkFresh(repository)
    expect(report.errors[0]).toMatchObject({ kind: 'index-conflict', pack: first!.id })
    expect(report.errors[0]!.message).toContain('different data in indexes')
  })

  test('that forgot that blobs are compressed is an error, as in restic', async () => {
    const { repository } = await makeFilledRepository([{ file: 'text '.repeat(1000) }])
    const packs = [...repository.index.packs()].map(({ id, blobs }) => ({
      id,
      blobs: blobs.map((blob) => ({ ...blob, uncompressedLength: 0 })),
    }))
    await replaceIndexes(repository, packs)
    const report = await checkFresh(repository)
    expect(kindsOf(report.errors)).toContain('pack-size')
  })
})

describe('a pack', () => {
  async function packOf(repository: Repository, type: 'data' | 'tree'): Promise<PackId> {
    return [...repository.index.packs()].find(({ blobs }) => blobs[0]!.type === type)!.id
  }

  test('that is missing is an error with its blobs, and the files that need them are named', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    const pack = await packOf(repository, 'data')
    await repository.backend.remove('pack', pack)
    const report = await checkFresh(repository)
    expect(report.errors[0]).toMatchObject({ kind: 'pack-missing', pack })
    expect(report.errors[0]!.message).toBe(`pack ${pack.slice(0, 8)} (3 data blobs) is missing`)
    const affected = report.errors.filter(({ kind }) => kind === 'file-affected')
    expect(new Set(affected.map(({ path }) => path))).toEqual(new Set(['/dir/file', '/dir/sub/deep', '/other']))
    expect(affected[0]!.snapshot).toBe(snapshots[0]!.id)
    expect(report.damagedPacks).toEqual([])
    expect(stepsOf(report).join('\n')).toMatch(/repair index[^]*back up again[^]*repair snapshots --forget/)
  })

  test('with directories that is missing makes them errors, with snapshot and path', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    await repository.backend.remove('pack', await packOf(repository, 'tree'))
    const report = await checkFresh(repository)
    expect(kindsOf(report.errors)).toEqual(['pack-missing', 'tree-unreadable'])
    expect(report.errors[1]).toMatchObject({ snapshot: snapshots[0]!.id, path: '/' })
  })

  test('that is truncated is an error, and read to see what it still has', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const { id, blobs } = [...repository.index.packs()].find(({ blobs }) => blobs[0]!.type === 'data')!
    await alterFile(repository.backend, 'pack', id, (content) => content.subarray(0, blobs[2]!.offset + 3))
    const report = await checkFresh(repository)
    expect(kindsOf(report.errors)).toEqual(['pack-size', 'pack-damaged', 'file-affected'])
    expect(report.errors[0]!.message).toContain('it is truncated, or the index is wrong')
    expect(report.errors[1]!.message).toContain('1 of 3 blobs cannot be used')
    expect(report.damagedPacks).toEqual([id])
    expect(stepsOf(report)).toContain(`repair packs ${id}`)
  })

  test('with a wrong bit is found when data is read, not without', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    const id = await packOf(repository, 'data')
    const { offset } = repository.index.find('data', sha256Id(Buffer.from('other content')))!
    await alterFile(repository.backend, 'pack', id, flipBit(offset + 20))
    expect((await checkFresh(repository)).errors).toEqual([])
    const report = await checkFresh(repository, { readData: 'all' })
    expect(kindsOf(report.errors)).toEqual(['pack-damaged', 'file-affected'])
    expect(report.errors[0]!.message).toContain('1 of 3 blobs cannot be used: its content does not match its name')
    expect(report.errors[1]).toMatchObject({ path: '/other', snapshot: snapshots[0]!.id })
    expect(report.damagedPacks).toEqual([id])
  })

  test('with a damaged header loses nothing but the header', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const id = await packOf(repository, 'data')
    await alterFile(repository.backend, 'pack', id, flipBit(-10))
    const report = await checkFresh(repository, { readData: 'all' })
    expect(kindsOf(report.errors)).toEqual(['pack-damaged'])
    expect(report.errors[0]!.message).toContain('0 of 3 blobs cannot be used')
    expect(report.errors[0]!.message).toContain('its header cannot be read')
  })

  test('whose blobs are whole elsewhere costs no file', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const id = await packOf(repository, 'data')
    const copy = new RepositoryFiller(repository)
    for (const text of ['content of a file', 'deep', 'other content']) await copy.addBlob('data', Buffer.from(text))
    await copy.finish()
    await repository.backend.remove('pack', id)
    expect(kindsOf((await checkFresh(repository)).errors)).toEqual(['pack-missing'])
  })

  test('that is read wrongly once is read again, and is a hint', async () => {
    const seen = new Set<string>()
    class FlakyBackend extends MemoryBackend {
      override async read(...[kind, name, options]: Parameters<MemoryBackend['read']>): Promise<Uint8Array> {
        const content = await super.read(kind, name, options)
        const isWhole = kind === 'pack' && options?.offset === undefined
        if (isWhole && !seen.has(name)) content[10]! ^= 1
        if (isWhole) seen.add(name)
        return content
      }
    }
    const { repository } = await makeFilledRepository([SPEC], { backend: new FlakyBackend() })
    const report = await checkFresh(repository, { readData: 'all' })
    expect(report.errors).toEqual([])
    expect(kindsOf(report.hints)).toEqual(['pack-read-twice', 'pack-read-twice'])
    expect(report.hints[0]!.message).toContain('test memory, disk and cables')
  })

  test('that goes away while it is read is damaged, not the end of the check', async () => {
    class VanishingBackend extends MemoryBackend {
      override async read(...[kind, name, options]: Parameters<MemoryBackend['read']>): Promise<Uint8Array> {
        if (kind === 'pack' && options?.offset === undefined) throw new FileMissingError('memory', kind, name)
        return await super.read(kind, name, options)
      }
    }
    const { repository } = await makeFilledRepository([{ file: 'x' }], { backend: new VanishingBackend() })
    const report = await checkFresh(repository, { readData: 'all' })
    expect(kindsOf(report.errors)).toEqual(['pack-damaged', 'pack-damaged', 'file-affected'])
  })

  test('is read only when it was chosen', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    expect((await checkFresh(repository, { readData: { percent: 50 } })).packsRead).toBe(1)
    expect((await checkFresh(repository, { readData: { bytes: 1 }, random: () => 0 })).packsRead).toBe(1)
    const parts = await Promise.all([1, 2].map((part) => checkFresh(repository, { readData: { part, of: 2 } })))
    expect(parts.reduce((sum, { packsRead }) => sum + packsRead, 0)).toBe(2)
  })

  test('is met by checks that go on from each other', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const first = await checkFresh(repository, { readData: { round: { percent: 1 } } })
    const second = await checkFresh(repository, { readData: { round: { percent: 1 }, after: first.roundEndsAt } })
    const third = await checkFresh(repository, { readData: { round: { percent: 1 }, after: second.roundEndsAt } })
    expect([first, second, third].map(({ packsRead }) => packsRead)).toEqual([1, 1, 1])
    expect(second.roundEndsAt).not.toBe(first.roundEndsAt)
    expect(third.roundEndsAt).toBe(first.roundEndsAt)
    expect((await checkFresh(repository, { readData: { percent: 1 } })).roundEndsAt).toBeUndefined()
  })

  test('cannot be chosen by nonsense', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    await expect(checkFresh(repository, { readData: { part: 3, of: 2 } })).rejects.toThrow('part 3 of 2')
  })
})

describe('a snapshot', () => {
  test('that is damaged is an error, and the others are still checked', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { file: 'x' }])
    await alterFile(repository.backend, 'snapshot', snapshots[0]!.id, flipBit(30))
    const report = await checkFresh(repository)
    expect(report.errors).toMatchObject([{ kind: 'snapshot-unreadable', snapshot: snapshots[0]!.id }])
    expect(report).toMatchObject({ snapshots: 1, trees: 1 })
    expect(report.touchedSnapshots).toEqual([{ id: snapshots[0]!.id, files: 0, directories: 0 }])
    expect(stepsOf(report)).toEqual(expect.arrayContaining(['repair snapshots --forget', 'recover']))
  })

  test.for(['{"time":"2024-01-01T00:00:00Z","tree":null,"paths":null}', '[]', '{}'])(
    'that makes no sense is an error, not a crash: %s',
    async (json) => {
      const { repository } = await makeFilledRepository([SPEC])
      const id = await repository.writeUnpacked('snapshot', Buffer.from(json))
      expect((await checkFresh(repository)).errors).toMatchObject([{ kind: 'snapshot-unreadable', snapshot: id }])
    },
  )

  test('that needs something damaged is named, with what of it is damaged; the others are not', async () => {
    const first: TreeSpec = { dir: { file: 'content of a file', again: { file: 'content of a file' } } }
    const { repository, snapshots } = await makeFilledRepository([first, SPEC, { whole: 'whole' }])
    const { pack, offset } = repository.index.find('data', sha256Id(Buffer.from('content of a file')))!
    await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
    await alterFile(repository.backend, 'snapshot', snapshots[2]!.id, flipBit(30))
    const report = await checkFresh(repository, { readData: 'all' })
    const about = (number: number) => ({
      id: snapshots[number]!.id,
      time: snapshots[number]!.time,
      hostname: 'host',
      directories: 0,
    })
    expect(report.touchedSnapshots).toEqual([
      { id: snapshots[2]!.id, files: 0, directories: 0 },
      { ...about(1), files: 1 },
      { ...about(0), files: 2 },
    ])
  })

  test('whose directories are gone is touched as far as they are', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { other: 'other content' }])
    const sub = (await repository.readTree(snapshots[0]!.tree)).nodes[0]!.subtree!
    const { pack, offset } = repository.index.find('tree', sub)!
    await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
    const report = await checkFresh(repository)
    expect(report.errors).toMatchObject([{ kind: 'tree-unreadable', path: '/dir' }])
    expect(report.touchedSnapshots).toMatchObject([{ id: snapshots[0]!.id, files: 0, directories: 1 }])
  })

  test('that lacks a directory or content is an error with the path', async () => {
    const missing = sha256Id(Buffer.from('missing'))
    const repository = await repositoryWith([
      makeNode({ name: 'dir', type: 'dir', subtree: missing }),
      makeNode({ name: 'file', type: 'file', content: [missing], size: 7 }),
    ])
    const report = await checkFresh(repository)
    expect(report.errors.map(({ kind, path }) => ({ kind, path }))).toEqual([
      { kind: 'blob-missing', path: '/file' },
      { kind: 'tree-unreadable', path: '/dir' },
    ])
    expect(report.errors[0]!.message).toContain('lacks 1 of 1 blobs')
    expect(report.errors[1]!.message).toContain('is in no index')
  })
})

describe('an entry', () => {
  test.for<[string, Partial<Node> & Pick<Node, 'type'>, string]>([
    ['a file without content', { type: 'file', content: null }, 'without a list of its content'],
    ['a directory without listing', { type: 'dir' }, 'a directory without a listing'],
    [
      'a directory with a null listing',
      { type: 'dir', subtree: '0'.repeat(64) as Id },
      'a directory without a listing',
    ],
    ['of an unknown kind', { type: 'irregular' }, 'cannot be restored'],
  ])('that is %s is an error', async ([, node, problem]) => {
    const repository = await repositoryWith([makeNode({ name: 'entry', ...node })])
    const { errors } = await checkFresh(repository)
    expect(errors.filter(({ kind }) => kind === 'entry-invalid')).toMatchObject([{ path: '/entry' }])
    expect(errors[0]!.message).toContain(problem)
  })

  test.for([
    '{"nodes":[{"name":"a"b","type":"file","content":[]}]}',
    String.raw`{"nodes":[{"name":"\"","type":"file","content":[]}]}`,
    '{"nodes":[{"name":"a","type":"file","content":[],"mtime":"2020-01-01t00:00:00z"}]}',
    '{"nodes":[{"name":"a","type":"file","content":["00"]}]}',
    'not JSON',
    '',
  ])('that nobody can decode makes its directory an error: %s', async (tree) => {
    const { errors } = await checkFresh(await repositoryWith(Buffer.from(tree)))
    expect(errors).toMatchObject([{ kind: 'tree-unreadable', path: '/' }])
  })

  test('without a name is an error', async () => {
    const tree = '{"nodes":[{"name":"","type":"fifo"}]}'
    expect(kindsOf((await checkFresh(await repositoryWith(Buffer.from(tree)))).errors)).toEqual(['entry-invalid'])
  })

  test('whose size is wrong is accepted, as restic does', async () => {
    const repository = await repositoryWith([makeNode({ name: 'f', type: 'file', content: [], size: 12 })])
    expect((await checkFresh(repository)).errors).toEqual([])
  })
})

test('of very many findings the first are kept, and the others counted', async () => {
  const missing = sha256Id(Buffer.from('missing'))
  const nodes = Array.from({ length: 1500 }, (_, number) =>
    makeNode({ name: String(number).padStart(4, '0'), type: 'file', content: [missing] }),
  )
  const { errors } = await checkFresh(await repositoryWith(nodes))
  expect(errors).toHaveLength(1001)
  expect(errors.at(-1)).toEqual({ kind: 'more', message: '500 more of: blob-missing' })
})

describe('a storage that refuses', () => {
  class RefusingBackend extends MemoryBackend {
    refuses: (kind: string, name: string) => boolean = () => false
    override async read(...[kind, name, options]: Parameters<MemoryBackend['read']>): Promise<Uint8Array> {
      if (this.refuses(kind, name)) throw new BackendError(`cannot read ${kind}: the disk failed`)
      return await super.read(kind, name, options)
    }
  }

  test.for(['index', 'snapshot', 'tree', 'data'] as const)(
    'to give %s is named, with the snapshot it touches, and nothing is advised that would give it up',
    async (what) => {
      const backend = new RefusingBackend()
      const { repository, snapshots } = await makeFilledRepository([SPEC], { backend })
      const { id: pack } = [...repository.index.packs()].find(({ blobs }) => blobs[0]!.type === what) ?? { id: '' }
      const damaged = await openRepository(backend, { password: 'secret' })
      backend.refuses = (kind, name) => kind === what || (kind === 'pack' && name === pack)
      const report = await check(damaged, { readData: 'all' })
      expect(kindsOf(report.errors)).toContain('storage-failed')
      expect(report.errors.find(({ kind }) => kind === 'storage-failed')!.message).toContain('the disk failed')
      expect(report.touchedSnapshots.map(({ id }) => id)).toEqual([snapshots[0]!.id])
      expect(report.damagedPacks).toEqual([])
      expect(stepsOf(report).join('; ')).not.toContain('repair packs')
      expect(stepsOf(report).join('; ')).not.toContain('repair snapshots')
    },
  )

  test('to give one copy costs no file: the other is taken', async () => {
    const backend = new RefusingBackend()
    const { repository } = await makeFilledRepository([SPEC], { backend })
    const packs = [...repository.index.packs()].map(({ id }) => id)
    const copy = new RepositoryFiller(repository)
    await copy.addTree(SPEC)
    await copy.finish()
    const fresh = await openRepository(backend, { password: 'secret' })
    backend.refuses = (kind, name) => kind === 'pack' && packs.includes(name as PackId)
    const report = await check(fresh, { readData: 'all' })
    expect(kindsOf(report.errors)).toEqual(['storage-failed', 'storage-failed'])
    expect(report.touchedSnapshots).toEqual([])
  })

  test('for a moment ends the check, which says so: it was waited for long enough', async () => {
    const backend = new RefusingBackend()
    const { repository } = await makeFilledRepository([SPEC], { backend })
    backend.read = () => Promise.reject(new BackendError('the network is down', { transient: true }))
    await expect(check(repository)).rejects.toThrow('the network is down')
  })
})

describe('what was read', () => {
  test('is remembered with the time at which the check began; damaged and removed packs are not', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const packs = [...repository.index.packs()]
    const damaged = packs.find(({ blobs }) => blobs[0]!.type === 'data')!.id
    const whole = packs.find(({ blobs }) => blobs[0]!.type === 'tree')!.id
    await alterFile(repository.backend, 'pack', damaged, flipBit(20))
    const readTimes = new Map<PackId, number>([
      [damaged, 5],
      [sha256Id(Buffer.from('removed')), 5],
    ])
    await checkFresh(repository, { readData: 'all', readTimes, now: () => 1000 })
    expect([...readTimes]).toEqual([[whole, 1000]])
  })

  test('stays remembered when the check is stopped', async () => {
    const repository = await makeRepository()
    for (let number = 0; number < 30; number++) {
      const filler = new RepositoryFiller(repository)
      await filler.addBlob('data', Buffer.from(`pack ${number}`))
      await filler.finish()
    }
    const readTimes = new Map<PackId, number>()
    const controller = new AbortController()
    const set = readTimes.set.bind(readTimes)
    readTimes.set = (...entry) => {
      controller.abort(new Error('enough'))
      return set(...entry)
    }
    const checking = checkFresh(repository, { readData: 'all', readTimes, signal: controller.signal })
    await expect(checking).rejects.toThrow('enough')
    expect(readTimes.size).toBeGreaterThan(0)
    expect(readTimes.size).toBeLessThan(30)
  })

  test('is read again when its time has come, and how much is proven is told', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const readTimes = new Map<PackId, number>()
    const [hour, day] = [3_600_000, 24 * 3_600_000]
    const at = async (nowMs: number): Promise<CheckReport> =>
      await checkFresh(repository, { readData: { withinMs: 100 * day }, readTimes, now: () => 1000 * day + nowMs })
    expect(await at(0)).toMatchObject({ packsRead: 1, proof: { packs: 2, provenPacks: 1, neverReadPacks: 1 } })
    expect(await at(hour)).toMatchObject({ packsRead: 1, proof: { provenPacks: 2, oldestReadAtMs: 1000 * day } })
    expect(await at(102 * day)).toMatchObject({ packsRead: 2, proof: { provenPacks: 2, oldestReadAtMs: 1102 * day } })
    expect((await checkFresh(repository)).proof).toBeUndefined()
  })
})
