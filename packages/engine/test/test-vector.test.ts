import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { test as base } from 'vitest'
import { check, isId, listTree, openLocalBackend, openRepository, stats, WrongPasswordError } from '@hikae/engine'
import { makeTempDir } from '@hikae/testkit'
import { TEST_VECTOR, TEST_VECTOR_PASSWORD, TEST_VECTOR_PLAINTEXT as PLAINTEXT } from './test-vector.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('folder', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  for (const [name, content] of Object.entries(TEST_VECTOR)) {
    await mkdir(dirname(dir.join(name)), { recursive: true })
    await writeFile(dir.join(name), Buffer.from(content, 'base64'))
  }
  return dir.path
})
// oxlint-enable no-empty-pattern

const open = async (folder: string, password = TEST_VECTOR_PASSWORD) =>
  await openRepository(await openLocalBackend(folder), { password })

function idOf(text: string) {
  if (!isId(text)) throw new Error(`${text} is not an id`)
  return text
}

test('files are named after their content', ({ expect }) => {
  for (const [name, content] of Object.entries(TEST_VECTOR)) {
    if (name === 'config') continue
    expect(name.split('/').at(-1)).toBe(createHash('sha256').update(Buffer.from(content, 'base64')).digest('hex'))
  }
})

test('the key file gives the master key, and the config is what restic wrote', async ({ folder, expect }) => {
  await using repository = await open(folder)
  expect(repository.keyId).toBe(PLAINTEXT.keyId)
  const { encrypt, macK, macR } = repository.masterKey
  expect([encrypt, macK, macR].map((part) => Buffer.from(part).toString('base64'))).toEqual([
    PLAINTEXT.encrypt,
    PLAINTEXT.macK,
    PLAINTEXT.macR,
  ])
  const { repositoryId: id, chunkerPolynomial } = PLAINTEXT
  expect(repository.config).toEqual({ version: 2, id, chunkerPolynomial })
  await expect(open(folder, 'wrong')).rejects.toThrow(WrongPasswordError)
})

test('the snapshot, the index, and both blobs are what restic wrote', async ({ folder, expect }) => {
  await using repository = await open(folder)
  const [snapshot, ...others] = await repository.snapshots()
  expect(others).toEqual([])
  expect(snapshot).toMatchObject({
    id: PLAINTEXT.snapshotId,
    time: '2024-02-29T12:34:56Z',
    tree: PLAINTEXT.treeId,
    paths: ['/hello.txt'],
    hostname: 'vector',
    username: 'root',
    tags: ['t1'],
    programVersion: 'restic 0.18.0',
    summary: { dataAdded: 269, dataAddedPacked: 342, totalFilesProcessed: 1, totalBytesProcessed: 13 },
  })
  expect((await repository.readUnpacked('snapshot', idOf(PLAINTEXT.snapshotId))).length).toBe(547)
  expect((await repository.readUnpacked('index', idOf(PLAINTEXT.indexId))).length).toBe(454)
  const index = await repository.loadIndex()
  expect(index.find('data', idOf(PLAINTEXT.dataId))).toMatchObject({ offset: 0, length: 54, uncompressedLength: 13 })
  expect(index.find('tree', idOf(PLAINTEXT.treeId))).toMatchObject({ offset: 0, length: 206, uncompressedLength: 256 })
  expect((await repository.readBlob('tree', idOf(PLAINTEXT.treeId))).toString()).toBe(PLAINTEXT.tree)
  expect((await repository.readBlob('data', idOf(PLAINTEXT.dataId))).toString()).toBe('hello restic\n')
})

test('the repository is whole, and its one file is listed and counted', async ({ folder, expect }) => {
  await using repository = await open(folder)
  expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], hints: [], trees: 1, packsRead: 2 })
  await repository.loadIndex()
  const snapshots = await repository.snapshots()
  for await (const { path, node } of listTree(repository, snapshots[0]!)) {
    expect({ path, size: node.size }).toEqual({ path: '/hello.txt', size: 13 })
  }
  expect(await stats(repository, snapshots, { mode: 'raw-data' })).toMatchObject({ totalSize: 260, totalBlobs: 2 })
})
