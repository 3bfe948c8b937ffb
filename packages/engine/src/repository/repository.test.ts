import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { FileMissingError } from '../backend/backend.ts'
import { MemoryBackend } from '../backend/memory.ts'
import { sha256Id } from '../crypto/hash.ts'
import { DamagedError } from '../errors.ts'
import type { Id } from '../ids.ts'
import { encodeIndex } from '../index/index-file.ts'
import {
  alterFile,
  blobsInPack,
  flipBit,
  makeFilledRepository,
  makeRepository,
  RepositoryFiller,
} from './fixture.test.support.ts'
import { openRepository } from './open.ts'
import type { Repository } from './repository.ts'

/** Stores a snapshot whose encrypted content is exactly this. */
async function storeRaw(repository: Repository, plaintext: Uint8Array): Promise<Id> {
  const unit = repository.cipher.seal(plaintext)
  const id = sha256Id(unit)
  await repository.backend.write('snapshot', id, unit)
  return id
}

const reopen = (repository: Repository) => openRepository(repository.backend, { password: 'secret' })

describe('an unpacked file', () => {
  test('comes back as it was written, compressed in between', async () => {
    const repository = await makeRepository()
    const plaintext = Buffer.from(`{"padding":"${'x'.repeat(10_000)}"}`)
    const id = await repository.writeUnpacked('snapshot', plaintext)
    expect(await repository.readUnpacked('snapshot', id)).toEqual(plaintext)
    expect(await repository.backend.size('snapshot', id)).toBeLessThan(1000)
  })

  test('may be plain JSON, or zstd with several frames', async () => {
    const repository = await makeRepository()
    for (const plain of ['{"a":1}', '[]', '']) {
      const id = await storeRaw(repository, Buffer.from(plain))
      expect((await repository.readUnpacked('snapshot', id)).toString()).toBe(plain)
    }
    const frames = Buffer.concat([Buffer.from([2]), zstdCompressSync('{"a":'), zstdCompressSync('1}')])
    const id = await storeRaw(repository, frames)
    expect((await repository.readUnpacked('snapshot', id)).toString()).toBe('{"a":1}')
  })

  test.for([
    ['an unknown encoding byte', Buffer.from([3, 1, 2])],
    ['zstd that is not zstd', Buffer.from([2, 1, 2, 3])],
    ['zstd that is cut off', Buffer.concat([Buffer.from([2]), zstdCompressSync('x'.repeat(1000)).subarray(0, -3)])],
  ] as const)('with %s is damaged', async ([, plaintext]) => {
    const repository = await makeRepository()
    const id = await storeRaw(repository, plaintext)
    await expect(repository.readUnpacked('snapshot', id)).rejects.toBeInstanceOf(DamagedError)
  })

  test('of version 1 is what it is, whatever its first byte', async () => {
    const repository = await makeRepository({ version: 1 })
    const id = await storeRaw(repository, Buffer.from([2, 1, 2, 3]))
    expect(await repository.readUnpacked('snapshot', id)).toEqual(Buffer.from([2, 1, 2, 3]))
  })

  test('is read a second time when its content does not match its name', async () => {
    let reads = 0
    class FlakyBackend extends MemoryBackend {
      override async read(...args: Parameters<MemoryBackend['read']>): Promise<Uint8Array> {
        const content = await super.read(...args)
        if (args[0] === 'snapshot' && reads++ === 0) content[5]! ^= 1
        return content
      }
    }
    const { repository, snapshots } = await makeFilledRepository([{}], { backend: new FlakyBackend() })
    expect((await repository.readSnapshot(snapshots[0]!.id)).tree).toBe(snapshots[0]!.tree)
    expect(reads).toBe(2)
  })

  test('with a wrong bit is damaged, and says which file it is', async () => {
    const { repository, snapshots } = await makeFilledRepository([{}])
    const { id } = snapshots[0]!
    await alterFile(repository.backend, 'snapshot', id, flipBit(40))
    await expect(repository.readSnapshot(id)).rejects.toThrow(
      `snapshot ${id.slice(0, 8)} is damaged: its content does not match its name`,
    )
    await expect(repository.snapshots()).rejects.toBeInstanceOf(DamagedError)
  })

  test('of another repository is damaged though its name is right', async () => {
    const [one, two] = [await makeRepository(), await makeRepository()]
    const id = await storeRaw(one, Buffer.from('{}'))
    await two.backend.write('snapshot', id, await one.backend.read('snapshot', id))
    await expect(two.readUnpacked('snapshot', id)).rejects.toThrow('authentication code')
  })
})

describe('snapshots', () => {
  test('are given oldest first, by the instant and not by the text', async () => {
    const repository = await makeRepository()
    const filler = new RepositoryFiller(repository)
    const tree = await filler.addTree({})
    await filler.finish()
    const times = ['2024-03-01T00:30:00+09:00', '2024-02-29T23:00:00Z', '2024-02-29T14:00:00-05:00']
    for (const time of times) await filler.addSnapshot(tree, { time })
    expect((await repository.snapshots()).map(({ time }) => time)).toEqual([times[0], times[2], times[1]])
  })

  test('that go away while they are read are left out', async () => {
    const { repository, snapshots } = await makeFilledRepository([{ a: 'a' }, { b: 'b' }])
    const read = repository.backend.read.bind(repository.backend)
    vi.spyOn(repository.backend, 'read').mockImplementation(async (kind, name, options) => {
      if (name === snapshots[0]!.id) throw new FileMissingError('memory', kind, name)
      return await read(kind, name, options)
    })
    expect(await repository.snapshots()).toEqual([snapshots[1]])
  })
})

describe('the index', () => {
  test('is empty before it is loaded, and then grows by new files only', async () => {
    const { repository } = await makeFilledRepository([{ a: 'a' }])
    const other = await reopen(repository)
    expect(other.index.size).toBe(0)
    await other.loadIndex()
    expect(other.index.size).toBe(2)
    const filler = new RepositoryFiller(repository)
    const blob = await filler.addBlob('data', Buffer.from('new'))
    await filler.finish()
    const read = vi.spyOn(other.backend, 'read')
    await other.loadIndex()
    expect(other.index.has('data', blob)).toBe(true)
    expect(read.mock.calls.filter(([kind]) => kind === 'index')).toHaveLength(1)
  })

  test('is built anew when a file that it came from is gone', async () => {
    const { repository } = await makeFilledRepository([{ a: 'a' }])
    const [old] = [...repository.loadedIndexes]
    const packs = [...repository.index.packs()]
    await repository.writeUnpacked('index', encodeIndex(packs.slice(0, 1)))
    await repository.backend.remove('index', old!)
    await repository.loadIndex()
    expect(repository.index.packIds).toEqual([packs[0]!.id])
    expect(repository.loadedIndexes.size).toBe(1)
  })

  test('cannot be loaded when one file is damaged', async () => {
    const { repository } = await makeFilledRepository([{ a: 'a' }])
    const [id] = [...repository.loadedIndexes]
    await alterFile(repository.backend, 'index', id!, flipBit(50))
    await expect((await reopen(repository)).loadIndex()).rejects.toThrow(`index ${id!.slice(0, 8)} is damaged`)
  })

  test('holds each blob once when it is loaded twice at the same time', async () => {
    const { repository } = await makeFilledRepository([{ a: 'a', b: 'b' }])
    const other = await reopen(repository)
    await Promise.all([other.loadIndex(), other.loadIndex()])
    expect(other.index.size).toBe(repository.index.size)
  })
})

describe('a blob', () => {
  const content = 'content '.repeat(100)

  test('is read from another copy when the first is damaged or its pack is gone', async () => {
    for (const damage of ['flip', 'remove'] as const) {
      const { repository } = await makeFilledRepository([{ file: content }])
      const copy = new RepositoryFiller(repository)
      const id = await copy.addBlob('data', Buffer.from(content))
      await copy.finish()
      const [first, second] = repository.index.findAll('data', id)
      expect(second).toBeDefined()
      if (damage === 'flip') await alterFile(repository.backend, 'pack', first!.pack, flipBit(first!.offset + 20))
      else await repository.backend.remove('pack', first!.pack)
      expect((await repository.readBlob('data', id)).toString()).toBe(content)
    }
  })

  test('that is damaged in its only copy is an error that names blob and pack', async () => {
    const { repository } = await makeFilledRepository([{ file: content }])
    const id = sha256Id(Buffer.from(content))
    const { pack } = repository.index.find('data', id)!
    await alterFile(repository.backend, 'pack', pack, flipBit(20))
    await expect(repository.readBlob('data', id)).rejects.toThrow(
      `data blob ${id.slice(0, 8)} in pack ${pack.slice(0, 8)} is damaged`,
    )
  })

  test('whose bytes are those of another blob is not taken for it', async () => {
    const { repository } = await makeFilledRepository([{ one: 'x'.repeat(100), two: 'y'.repeat(100) }])
    const [one, two] = ['x', 'y'].map((letter) =>
      repository.index.find('data', sha256Id(Buffer.from(letter.repeat(100))))!,
    )
    await alterFile(repository.backend, 'pack', one!.pack, (bytes) => {
      bytes.copyWithin(one!.offset, two!.offset, two!.offset + two!.length)
      return bytes
    })
    const read = repository.readBlob('data', sha256Id(Buffer.from('x'.repeat(100))))
    await expect(read).rejects.toThrow('its content does not match its id')
  })

  test('that another program moved is found after the index is loaded again', async () => {
    const { repository } = await makeFilledRepository([{ file: content }])
    const id = sha256Id(Buffer.from(content))
    const other = await reopen(repository)
    await other.loadIndex()
    const [oldIndex] = [...other.loadedIndexes]
    const { pack } = other.index.find('data', id)!
    const filler = new RepositoryFiller(repository)
    await filler.addBlob('data', Buffer.from(content))
    await filler.finish()
    await repository.backend.remove('index', oldIndex!)
    await repository.backend.remove('pack', pack)
    expect((await other.readBlob('data', id)).toString()).toBe(content)
  })

  test('that is in no index is an error', async () => {
    const { repository } = await makeFilledRepository([{}])
    await expect(repository.readBlob('data', sha256Id(Buffer.from('?')))).rejects.toThrow('is in no index')
  })

  test('may lie in a pack together with blobs of the other type', async () => {
    const { repository } = await makeFilledRepository([{ file: content }])
    const packs = [...repository.index.packs()]
    const parts = await Promise.all(packs.map(({ id }) => repository.backend.read('pack', id)))
    let offset = 0
    const moved = packs.flatMap(({ blobs }, at) => {
      const start = offset
      offset += parts[at]!.length
      return blobs.map((blob) => ({ ...blob, offset: blob.offset + start }))
    })
    const mixed = Buffer.concat(parts)
    const id = sha256Id(mixed)
    await repository.backend.write('pack', id, mixed)
    for (const index of repository.loadedIndexes) await repository.backend.remove('index', index)
    await repository.writeUnpacked('index', encodeIndex([{ id, blobs: moved }]))
    await repository.loadIndex()
    expect(blobsInPack(repository, id)).toHaveLength(2)
    const [snapshot] = await repository.snapshots()
    const { nodes } = await repository.readTree(snapshot!.tree)
    expect((await repository.readBlob('data', nodes[0]!.content![0]!)).toString()).toBe(content)
  })
})

test('trees that lie side by side are fetched together', async () => {
  const spec = Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`dir ${number}`, { file: `${number}` }]))
  const { repository, snapshots } = await makeFilledRepository([spec])
  const other = await reopen(repository)
  await other.loadIndex()
  const read = vi.spyOn(other.backend, 'read')
  const { nodes } = await other.readTree(snapshots[0]!.tree)
  for (const { subtree } of nodes) expect((await other.readTree(subtree!)).nodes).toHaveLength(1)
  expect(read.mock.calls.length).toBeLessThan(5)
})
