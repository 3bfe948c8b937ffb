import { mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { BackendError, MemoryBackend, openLocalBackend, withRetry } from '@hikae/engine'
import {
  collect,
  describeBackend,
  makeSmallDisk,
  makeTempDir,
  randomBytesOf,
  skipBecause,
  whyNoSmallDisk,
  withFaults,
  type ContractSubject,
} from '@hikae/testkit'
import { LocalBackend } from '../src/backend/local.ts'
import { modesOf } from '../src/backend/local/modes.ts'
import { Publisher } from '../src/backend/local/publish.ts'
import { sha256Id } from '../src/crypto/hash.ts'

const FOLDERS = { key: 'keys', lock: 'locks', snapshot: 'snapshots', index: 'index', pack: 'data' } as const

async function inTempDir(make: (path: string) => Promise<ContractSubject['backend']>): Promise<ContractSubject> {
  const dir = await makeTempDir()
  const root = dir.join('repository')
  return {
    backend: await make(root),
    addStray: async (kind, name) => {
      const folder = kind === 'pack' ? join('data', name.slice(0, 2)) : FOLDERS[kind]
      await mkdir(join(root, folder), { recursive: true })
      await writeFile(join(root, folder, name), 'stray')
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}

async function inMemory(): Promise<ContractSubject> {
  return { backend: new MemoryBackend(), [Symbol.asyncDispose]: async () => undefined }
}

describeBackend('memory', inMemory)
describeBackend('a local folder', () => inTempDir((root) => openLocalBackend(root)))
describeBackend('a folder without hard links', () =>
  inTempDir(async (root) => {
    const publisher = new Publisher(() => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' })))
    return new LocalBackend(root, await modesOf(root), 4, publisher)
  }),
)
describeBackend('retrying', async () => ({ ...(await inMemory()), backend: withRetry(new MemoryBackend()) }))
describeBackend('faultless faults', async () => ({ ...(await inMemory()), backend: withFaults(new MemoryBackend()) }))

const noDisk = skipBecause(await whyNoSmallDisk())

describe.skipIf(noDisk)('a local repository on a disk of its own', () => {
  const content = randomBytesOf('pack', 4 * 1024 * 1024)
  const name = sha256Id(content)

  test('a full disk is reported as such, leaves no part of a file, and takes the file once there is room', async ({
    expect,
  }) => {
    await using disk = await makeSmallDisk({ sizeBytes: 32 * 1024 * 1024 })
    await using backend = await openLocalBackend(join(disk.path, 'repository'))
    await backend.create()
    await backend.write('config', '', Buffer.from('config'))
    await disk.fill(1024 * 1024)
    const error = await backend.write('pack', name, content).then(String, (error: unknown) => error)
    expect(error).toBeInstanceOf(BackendError)
    expect(error).toMatchObject({ transient: false, message: expect.stringContaining('no space left') })
    expect(await readdir(join(backend.location, 'data', name.slice(0, 2)))).toEqual([])
    expect(await disk.freeBytes()).toBeGreaterThan(512 * 1024)
    await unlink(join(disk.path, 'ballast'))
    await backend.write('pack', name, content)
    expect(sha256Id(await readFile(backend.localPath('pack', name)))).toBe(name)
  })

  test('a read-only disk refuses writes and removals, says why, and can still be read', async ({ expect }) => {
    await using disk = await makeSmallDisk()
    await using backend = await openLocalBackend(disk.path)
    await backend.create()
    await backend.write('config', '', Buffer.from('config'))
    await backend.write('pack', name, content)
    await disk.remount('read-only')
    const other = sha256Id(Buffer.from('other'))
    const refused = { transient: false, message: expect.stringContaining('read-only') }
    await expect(backend.write('index', other, Buffer.from('other'))).rejects.toMatchObject(refused)
    await expect(backend.remove('pack', name)).rejects.toMatchObject(refused)
    expect(await backend.size('pack', name)).toBe(content.length)
  })

  test('when the disk goes away, nothing is written below its mount point and nothing seems empty', async ({
    expect,
  }) => {
    await using disk = await makeSmallDisk()
    await using backend = await openLocalBackend(disk.path)
    await backend.create()
    await backend.write('config', '', Buffer.from('config'))
    await disk.unmount()
    const gone = { message: expect.stringContaining('no repository') }
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    await expect(collect(backend.list('snapshot'))).rejects.toMatchObject(gone)
    await expect(collect(backend.list('pack'))).rejects.toMatchObject(gone)
    expect(await readdir(disk.path)).toEqual([])
  })
})
