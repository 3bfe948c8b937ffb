import { expect, test, vi } from 'vitest'
import { sha256 } from '../crypto/hash.ts'
import { MAX_PACK_BLOBS } from '../pack/header.ts'
import { PackBuilder } from '../pack/pack-builder.ts'
import { makeRepository } from './fixture.test.support.ts'
import { PackWriter } from './pack-writer.ts'

const PACK_SIZE = 128 * 1024 * 1024

test('what several threads left over becomes as many packs as its blobs need', async () => {
  const repository = await makeRepository()
  const failures: Error[] = []
  const writer = new PackWriter(repository, {
    packSizeBytes: PACK_SIZE,
    dryRun: false,
    onFailure: (error) => failures.push(error),
    onStored: () => undefined,
  })
  const builder = new PackBuilder('data', repository.cipher, { targetBytes: PACK_SIZE, verify: false })
  const perThread = Math.ceil(MAX_PACK_BLOBS * 0.6)
  for (let thread = 0; thread < 2; thread++) {
    for (let blob = 0; blob < perThread; blob++) {
      builder.add(sha256(Buffer.from(`${thread} ${blob}`)), Buffer.alloc(0), 0)
    }
    writer.add(builder.finish()!, 'partial')
  }
  await writer.finish()
  expect(failures).toEqual([])
  await repository.loadIndex()
  expect(repository.index.size).toBe(2 * perThread)
  expect(repository.index.packIds).toHaveLength(2)
})

test('after three minutes what is stored is in an index, though the clock was set back meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  try {
    const repository = await makeRepository()
    const writer = new PackWriter(repository, {
      packSizeBytes: PACK_SIZE,
      dryRun: false,
      onFailure: () => undefined,
      onStored: () => undefined,
    })
    const builder = new PackBuilder('data', repository.cipher, { targetBytes: PACK_SIZE, verify: false })
    vi.advanceTimersByTime(3 * 60 * 1000)
    vi.setSystemTime(Date.now() - 24 * 60 * 60 * 1000)
    builder.add(sha256(Buffer.from('a')), Buffer.from('a'), 0)
    writer.add(builder.finish()!, 'full')
    await writer.room(0)
    expect(await repository.listIds('index')).toHaveLength(1)
  } finally {
    vi.useRealTimers()
  }
})
