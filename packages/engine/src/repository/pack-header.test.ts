import { describe, expect, test } from 'vitest'
import { MemoryBackend } from '../backend/memory.ts'
import type { PackId } from '../ids.ts'
import { alterFile, blobsInPack, flipBit, makeFilledRepository } from './fixture.test.support.ts'
import { readPackHeader } from './pack-header.ts'
import type { Repository } from './repository.ts'

async function read(repository: Repository, pack: PackId) {
  return await readPackHeader(repository, pack, await repository.backend.size('pack', pack))
}

test.for([1, 15, 16, 200])('a pack of %i blobs says what the index says', async (count) => {
  const chunks = Array.from({ length: count }, (_, at) => `chunk ${at}`)
  const { repository } = await makeFilledRepository([{ file: chunks }])
  const pack = repository.index.packIds.find((id) => blobsInPack(repository, id)[0]!.type === 'data')!
  expect(await read(repository, pack)).toEqual(blobsInPack(repository, pack))
  expect(blobsInPack(repository, pack)).toHaveLength(count)
})

describe('a header is refused when', () => {
  async function damagedBy(alter: (content: Buffer) => Uint8Array): Promise<Promise<unknown>> {
    const { repository } = await makeFilledRepository([{ file: ['one', 'two'] }], { backend: new MemoryBackend() })
    const pack = repository.index.packIds[0]!
    await alterFile(repository.backend, 'pack', pack, alter)
    return await read(repository, pack).then(
      () => 'was read',
      (error: unknown) => error,
    )
  }

  test('a bit of it is wrong', async () => {
    expect(await damagedBy(flipBit(-10))).toMatchObject({
      code: 'DAMAGED',
      message: expect.stringContaining('authent'),
    })
  })

  test('the file was cut off at its end or beginning', async () => {
    expect(await damagedBy((content) => content.subarray(0, 50))).toMatchObject({ code: 'DAMAGED' })
    expect(await damagedBy((content) => content.subarray(5))).toMatchObject({
      message: expect.stringMatching(/speaks of \d+ bytes, but it has \d+/),
    })
  })

  test('the file is empty, and says how to save the rest', async () => {
    expect(await damagedBy(() => Buffer.alloc(0))).toMatchObject({
      code: 'DAMAGED',
      hint: expect.stringContaining('hikae repair packs'),
    })
  })
})
