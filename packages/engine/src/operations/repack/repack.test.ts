import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { BackendError, type FileKind, type ReadOptions } from '../../backend/backend.ts'
import { MemoryBackend } from '../../backend/memory.ts'
import { sha256Id } from '../../crypto/hash.ts'
import { DamagedError } from '../../errors.ts'
import type { BlobId, PackId } from '../../ids.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import { type BlobColumns, columnsOf } from '../../pack/blob-columns.ts'
import { alterFile, flipBit, makeRepository, RepositoryFiller } from '../../repository/fixture.test.support.ts'
import { LockLostError } from '../../repository/lock-error.ts'
import type { Repository } from '../../repository/repository.ts'
import { repack, Repacker } from './repack.ts'

/** Bytes that cannot be compressed, always the same for the same seed. */
function bytesOf(seed: number, length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length))
}

const CONTENTS = Array.from({ length: 40 }, (_, at) =>
  at % 2 === 0 ? bytesOf(at, 9000) : Buffer.alloc(20_000, `text ${at} `),
)

async function fill(repository: Repository, contents: readonly Buffer[] = CONTENTS): Promise<BlobId[]> {
  const filler = new RepositoryFiller(repository)
  const ids: BlobId[] = []
  for (const content of contents) ids.push(await filler.addBlob('data', content))
  ids.push(await filler.addBlob('tree', Buffer.from(`{"nodes":[${' '.repeat(300)}]}\n`)))
  await filler.finish()
  return ids
}

class CountingBackend extends MemoryBackend {
  readonly reads: Pick<ReadOptions, 'offset' | 'length'>[] = []

  override async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const { offset, length } = options
    if (kind === 'pack') this.reads.push({ ...(offset === undefined ? {} : { offset }), ...(length ? { length } : {}) })
    return await super.read(kind, name, options)
  }
}

/** Takes no packs. */
class FullBackend extends MemoryBackend {
  isFull = true

  override async write(kind: FileKind, ...rest: [name: string, content: Uint8Array]): Promise<void> {
    if (kind === 'pack' && this.isFull) throw new BackendError('no space left')
    await super.write(kind, ...rest)
  }
}

function allPacks(repository: Repository): { id: PackId; blobs: PackedBlob[] }[] {
  return [...repository.index.packs()]
}

function inColumns(packs: readonly { id: PackId; blobs: PackedBlob[] }[]): { id: PackId; blobs: BlobColumns }[] {
  return packs.map(({ id, blobs }) => ({ id, blobs: columnsOf(blobs) }))
}

async function contentsIn(repository: Repository): Promise<string[]> {
  const found: string[] = []
  for (const { type, id } of repository.index.blobs()) {
    expect(sha256Id(await repository.readBlob(type, id))).toBe(id)
    found.push(id)
  }
  return found.sort()
}

describe('blobs in new packs', () => {
  test('are the same ciphertext when the repositories share their key, and all of them are in the index', async () => {
    const repository = await makeRepository()
    const ids = await fill(repository)
    const before = allPacks(repository)
    const report = await repack({ from: repository, to: repository, packs: inColumns(before), compression: 'keep' })
    expect(report).toMatchObject({ packs: before.length, blobs: ids.length })
    await repository.loadIndex()
    for (const { id, type } of before.flatMap(({ blobs }) => blobs)) {
      const copies = repository.index.findAll(type, id)
      expect(copies).toHaveLength(2)
      const units = await Promise.all(
        copies.map(({ pack, offset, length }) => repository.backend.read('pack', pack, { offset, length })),
      )
      expect(Buffer.compare(units[0]!, units[1]!)).toBe(0)
      expect(report.newPacks).toContain(copies[1]!.pack)
    }
    const sizes = await Promise.all(report.newPacks.map((id) => repository.backend.size('pack', id)))
    expect(report.bytesStored).toBe(sizes.reduce((sum, size) => sum + size, 0))
    const types = allPacks(repository).map(({ blobs }) => new Set(blobs.map(({ type }) => type)).size)
    expect(types.every((count) => count === 1)).toBe(true)
  })

  test('can be read with the key of another repository', async () => {
    const [from, to] = [await makeRepository(), await makeRepository()]
    const ids = await fill(from)
    await repack({ from, to, packs: inColumns(allPacks(from)), compression: 'keep' })
    await to.loadIndex()
    expect(await contentsIn(to)).toEqual([...ids].sort())
    const lengths = (repository: Repository) =>
      [...repository.index.blobs()]
        .map(({ id, length, uncompressedLength }) => `${id} ${length} ${uncompressedLength}`)
        .sort()
    expect(lengths(to)).toEqual(lengths(from))
  })

  test('are uncompressed in version 1, and in version 2 compressed where that is asked for, trees always', async () => {
    const [v1, v2, kept, back] = [
      await makeRepository({ version: 1 }),
      await makeRepository(),
      await makeRepository(),
      await makeRepository({ version: 1 }),
    ]
    const ids = await fill(v1)
    await repack({ from: v1, to: v2, packs: inColumns(allPacks(v1)), compression: 'compress' })
    await repack({ from: v1, to: kept, packs: inColumns(allPacks(v1)), compression: 'keep' })
    await v2.loadIndex()
    await repack({ from: v2, to: back, packs: inColumns(allPacks(v2)), compression: 'compress' })
    for (const repository of [v2, kept, back]) {
      await repository.loadIndex()
      expect(await contentsIn(repository)).toEqual([...ids].sort())
    }
    const compressed = (repository: Repository) =>
      [...repository.index.blobs()].filter(({ uncompressedLength }) => uncompressedLength > 0).length
    // Also those that do not become shorter, so that nobody tries again.
    expect(compressed(v2)).toBe(v2.index.size)
    expect(compressed(kept)).toBe(1)
    expect(compressed(back)).toBe(0)
  })

  test('are those that are wanted, read in few requests that leave out what is far from them', async () => {
    const backend = new CountingBackend()
    const to = await makeRepository()
    const from = await makeRepository({ backend })
    const filler = new RepositoryFiller(from)
    for (let at = 0; at < 12; at++) await filler.addBlob('data', bytesOf(100 + at, 900_000))
    await filler.finish()
    await repack({ from, to: from, packs: inColumns(allPacks(from)), compression: 'keep' })
    await from.loadIndex()
    const [pack] = allPacks(from).filter(({ blobs }) => blobs.length === 12)
    // The first two lie side by side, the third a few MiB behind them.
    const wanted = [0, 1, 7].map((at) => pack!.blobs[at]!)
    backend.reads.length = 0
    await repack({ from, to, packs: [{ id: pack!.id, blobs: columnsOf(wanted) }], compression: 'keep' })
    const lengths = wanted.map(({ length }) => length)
    expect(backend.reads).toEqual([
      { offset: wanted[0]!.offset, length: lengths[0]! + lengths[1]! },
      { offset: wanted[2]!.offset, length: lengths[2] },
    ])
    await to.loadIndex()
    expect([...to.index.blobs()].map(({ id }) => id).sort()).toEqual(wanted.map(({ id }) => id).sort())
  })
})

describe('a damaged blob', () => {
  async function withDamage(): Promise<{ repository: Repository; pack: PackId; damaged: PackedBlob }> {
    const repository = await makeRepository()
    await fill(repository)
    const { id: pack, blobs } = allPacks(repository)[0]!
    const damaged = blobs[1]!
    await alterFile(repository.backend, 'pack', pack, flipBit(damaged.offset + 40))
    return { repository, pack, damaged }
  }

  test('ends it, and the error says which pack to repair', async () => {
    const { repository, pack } = await withDamage()
    const to = await makeRepository()
    const attempt = repack({ from: repository, to, packs: inColumns(allPacks(repository)), compression: 'keep' })
    await expect(attempt).rejects.toThrow(DamagedError)
    await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining(`hikae repair packs ${pack}`) })
  })

  test('is told of where that is wanted, and the others are stored', async () => {
    const { repository, pack, damaged } = await withDamage()
    const to = await makeRepository()
    const told: { id: BlobId; pack: PackId; reason: string }[] = []
    const packs = allPacks(repository)
    const report = await repack({
      from: repository,
      to,
      packs: inColumns(packs),
      compression: 'keep',
      onDamaged: ({ id }, of, reason) => told.push({ id, pack: of, reason }),
    })
    expect(told).toEqual([{ id: damaged.id, pack, reason: 'the message authentication code does not match' }])
    await to.loadIndex()
    expect(to.index.has('data', damaged.id)).toBe(false)
    expect(to.index.size).toBe(repository.index.size - 1)
    expect(report.blobs).toBe(repository.index.size - 1)
  })

  test('is taken from another pack that has it', async () => {
    const { repository, damaged } = await withDamage()
    const packs = allPacks(repository)
    const filler = new RepositoryFiller(repository)
    await filler.addBlob(
      'data',
      CONTENTS.find((content) => sha256Id(content) === damaged.id)!,
    )
    await filler.finish()
    const to = await makeRepository()
    await repack({ from: repository, to, packs: inColumns(packs), compression: 'keep' })
    await to.loadIndex()
    expect(sha256Id(await to.readBlob('data', damaged.id))).toBe(damaged.id)
  })

  test('is any blob of a pack that is gone or cut off', async () => {
    const repository = await makeRepository()
    await fill(repository)
    const packs = allPacks(repository)
    const [gone, cut] = [packs[0]!, packs[1]!]
    await repository.backend.remove('pack', gone.id)
    await alterFile(repository.backend, 'pack', cut.id, (content) => content.subarray(0, cut.blobs[1]!.offset))
    const to = await makeRepository()
    const told: BlobId[] = []
    await repack({
      from: repository,
      to,
      packs: inColumns(packs),
      compression: 'keep',
      onDamaged: ({ id }) => told.push(id),
    })
    const lost = [...gone.blobs, ...cut.blobs.slice(1)].map(({ id }) => id)
    expect(told.sort()).toEqual(lost.sort())
    await to.loadIndex()
    expect(to.index.has('data', cut.blobs[0]!.id)).toBe(true)
  })
})

describe('when it is stopped', () => {
  async function stopAfterFirstPack(reason: Error): Promise<{ to: Repository; error: unknown }> {
    const from = await makeRepository()
    await fill(from)
    const to = await makeRepository()
    const stop = new AbortController()
    const options = { from, to, packs: inColumns(allPacks(from)), compression: 'keep', packSizeBytes: 20_000 } as const
    const onPack = () => stop.abort(reason)
    const error = await repack({ ...options, signal: stop.signal, onPack }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    return { to, error }
  }

  test('what was stored is in the index, so that nobody has to store it again', async () => {
    const reason = new Error('interrupted')
    const { to, error } = await stopAfterFirstPack(reason)
    expect(error).toBe(reason)
    await to.loadIndex()
    const stored = (await to.listIds('pack')).map(({ id }) => id).sort()
    expect(stored.length).toBeGreaterThan(0)
    expect([...to.index.packIds].sort()).toEqual(stored)
  })

  test('because the lock was lost, nothing more is named in an index', async () => {
    const { to, error } = await stopAfterFirstPack(new LockLostError('lost'))
    expect(error).toBeInstanceOf(LockLostError)
    expect(await to.listIds('index')).toEqual([])
  })

  test('because a pack cannot be stored, that is the error', async () => {
    const from = await makeRepository()
    await fill(from)
    const to = await makeRepository({ backend: new FullBackend() })
    const attempt = repack({ from, to, packs: inColumns(allPacks(from)), compression: 'keep', packSizeBytes: 20_000 })
    await expect(attempt).rejects.toThrow('no space left')
    expect(await to.listIds('index')).toEqual([])
  })
})

test('nothing is made of nothing', async () => {
  const repository = await makeRepository()
  const report = await repack({ from: repository, to: repository, packs: [], compression: 'keep' })
  expect(report).toEqual({ packs: 0, blobs: 0, bytesRead: 0, bytesStored: 0, newPacks: [] })
})

describe('several rounds with the same threads', () => {
  const OPTIONS = { compression: 'keep', packSizeBytes: 20_000 } as const

  test('each store their own blobs, and all of them', async () => {
    const [from, to] = [await makeRepository(), await makeRepository()]
    await fill(from)
    const packs = inColumns(allPacks(from))
    await using repacker = new Repacker({ from, to, ...OPTIONS })
    for (const [at, pack] of packs.entries()) {
      const { blobs, newPacks } = await repacker.repack({ packs: [pack] })
      await to.loadIndex()
      const stored = allPacks(to).filter(({ id }) => newPacks.includes(id))
      const idsOf = (some: typeof stored): BlobId[] => some.flatMap((one) => one.blobs.map(({ id }) => id)).sort()
      expect(idsOf(stored)).toEqual(idsOf([allPacks(from)[at]!]))
      expect(blobs).toBe(idsOf(stored).length)
    }
    expect(await contentsIn(to)).toEqual(await contentsIn(from))
  })

  test('keep nothing of a round that failed', async () => {
    const backend = new FullBackend()
    const [from, to] = [await makeRepository(), await makeRepository({ backend })]
    await fill(from)
    const [first, ...others] = inColumns(allPacks(from))
    await using repacker = new Repacker({ from, to, ...OPTIONS })
    await expect(repacker.repack({ packs: others })).rejects.toThrow('no space left')
    backend.isFull = false
    const { blobs } = await repacker.repack({ packs: [first!] })
    await to.loadIndex()
    expect(to.index.size).toBe(blobs)
    expect(blobs).toBe(allPacks(from)[0]!.blobs.length)
  })
})
