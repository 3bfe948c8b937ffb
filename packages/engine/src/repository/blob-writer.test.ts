import { expect, test } from 'vitest'
import { MemoryBackend } from '../backend/memory.ts'
import { sha256Id } from '../crypto/hash.ts'
import { BlobWriter } from './blob-writer.ts'
import { makeRepository } from './fixture.test.support.ts'

test('blobs can be read by everybody once they are finished, each stored once', async () => {
  const backend = new MemoryBackend()
  const repository = await makeRepository({ backend })
  const first = new BlobWriter(repository)
  const text = Buffer.from('compressible '.repeat(1000))
  expect(await first.add('data', text)).toBe(sha256Id(text))
  await first.add('data', text)
  await first.add('tree', text)
  await first.finish()
  await repository.loadIndex()
  expect(repository.index.size).toBe(2)
  expect(await repository.readBlob('data', sha256Id(text))).toEqual(text)
  expect(repository.index.find('tree', sha256Id(text))!.length).toBeLessThan(200)

  const second = new BlobWriter(repository)
  await second.add('data', text)
  await second.finish()
  await repository.loadIndex()
  expect(repository.index.packIds).toHaveLength(2)
})

test('a repository of version 1 gets them as they are', async () => {
  const repository = await makeRepository({ version: 1 })
  const writer = new BlobWriter(repository)
  const text = Buffer.from('compressible '.repeat(1000))
  await writer.add('data', text)
  await writer.finish()
  await repository.loadIndex()
  expect(repository.index.find('data', sha256Id(text))).toMatchObject({ uncompressedLength: 0 })
})

test('a pack that cannot be stored fails what follows, and no index names it', async () => {
  const backend = new MemoryBackend()
  const repository = await makeRepository({ backend })
  const writer = new BlobWriter(repository)
  backend.write = async () => {
    throw new Error('no space left')
  }
  await writer.add('data', Buffer.from('x'))
  await expect(writer.finish()).rejects.toThrow('no space left')
  await expect(writer.add('data', Buffer.from('y'))).rejects.toThrow('no space left')
  await repository.loadIndex()
  expect(repository.index.size).toBe(0)
})
