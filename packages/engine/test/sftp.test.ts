import { chmod, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, test as base } from 'vitest'
import { FileExistsError, type SftpClient } from '@hikae/engine'
import {
  collect,
  describeBackend,
  randomBytesOf,
  skipBecause,
  startSftpServer,
  whyNoSftpServer,
  type ContractSubject,
  type SftpServer,
} from '@hikae/testkit'
import { openSftpBackend } from '../src/backend/sftp.ts'
import type { Extension } from '../src/backend/sftp/session.ts'
import { sha256Id } from '../src/crypto/hash.ts'
import { CLIENTS, fillPlace, sftpOptions } from './support/sftp.ts'

const FOLDERS = { key: 'keys', lock: 'locks', snapshot: 'snapshots', index: 'index', pack: 'data' } as const
/** Servers that are not OpenSSH's may have links, but their rename may replace files. */
const NOT_OPENSSH: Extension[] = ['lsetstat@openssh.com', 'limits@openssh.com']
const PLAIN: Extension[] = [
  ...NOT_OPENSSH,
  'hardlink@openssh.com',
  'posix-rename@openssh.com',
  'fsync@openssh.com',
  'statvfs@openssh.com',
]

const noServer = skipBecause(await whyNoSftpServer())

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
  const server = await startSftpServer()
  onCleanup(() => server[Symbol.asyncDispose]())
  return server
})

describe.skipIf(noServer)('over SFTP', () => {
  let shared: Promise<SftpServer> | undefined
  let places = 0

  async function openPlace(client: SftpClient, ignored: Extension[] = []): Promise<ContractSubject> {
    shared ??= startSftpServer()
    const server = await shared
    const folder = `place ${places++}`
    const backend = await openSftpBackend(sftpOptions(server, client, folder), new Set(ignored))
    return {
      backend,
      addStray: async (kind, name) => {
        const stray = kind === 'pack' ? join('data', name.slice(0, 2)) : FOLDERS[kind]
        await mkdir(join(server.folder, folder, stray), { recursive: true })
        await writeFile(join(server.folder, folder, stray, name), 'stray')
      },
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    }
  }

  afterAll(async () => {
    await (await shared)?.[Symbol.asyncDispose]()
  })

  describeBackend("the system's ssh", () => openPlace('system'))
  describeBackend('the built-in client', () => openPlace('builtin'))
  describeBackend('plain SFTP without extensions', () => openPlace('builtin', PLAIN))
})

describe.skipIf(noServer)('files on the server', () => {
  const content = randomBytesOf('pack', 300_000)
  const name = sha256Id(content)

  test('lie where restic looks for them, readable by their owner alone', async ({ server, expect }) => {
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system', 'modes')))
    await backend.write('pack', name, content)
    const root = join(server.folder, 'modes')
    const pack = join(root, 'data', name.slice(0, 2), name)
    expect(Buffer.compare(await readFile(pack), content)).toBe(0)
    expect([await modeOf(root), await modeOf(join(root, 'data', 'ff')), await modeOf(pack)]).toEqual([
      0o700, 0o700, 0o600,
    ])
  })

  test('belong to the group as well when it may read the config', async ({ server, expect }) => {
    const options = sftpOptions(server, 'system', 'shared')
    {
      await using _ = await fillPlace(await openSftpBackend(options))
    }
    await chmod(join(server.folder, 'shared', 'config'), 0o640)
    await using backend = await openSftpBackend(options)
    await backend.write('pack', name, content)
    expect(await modeOf(join(server.folder, 'shared', 'data', name.slice(0, 2), name))).toBe(0o660)
  })

  test('are found by a relative path from where the server puts the user', async ({ server, expect }) => {
    await using backend = await openSftpBackend({ ...sftpOptions(server, 'builtin'), path: 'relative/place' })
    await fillPlace(backend)
    expect(await readdir(join(server.folder, 'relative/place'))).toContain('config')
    expect(backend.location).toBe(`sftp://${server.user}@127.0.0.1:${server.port}/relative/place`)
  })

  test('are listed when they are links to files elsewhere, not when they are folders or lead nowhere', async ({
    server,
    expect,
  }) => {
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system', 'links')))
    const folder = join(server.folder, 'links', 'index')
    await writeFile(join(server.folder, 'elsewhere'), 'four')
    await symlink(join(server.folder, 'elsewhere'), join(folder, sha256Id(Buffer.from('link'))))
    await symlink('/nowhere', join(folder, sha256Id(Buffer.from('dangling'))))
    await mkdir(join(folder, sha256Id(Buffer.from('folder'))))
    expect(await collect(backend.list('index'))).toEqual([{ name: sha256Id(Buffer.from('link')), size: 4 }])
  })

  test('are listed all when there are more than fit into one answer', async ({ server, expect }) => {
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system', 'many')))
    const names = Array.from({ length: 1234 }, (_, index) => sha256Id(Buffer.from(`${index}`)))
    const folder = join(server.folder, 'many', 'locks')
    await Promise.all(names.map((name) => writeFile(join(folder, name), 'x')))
    const listed = await collect(backend.list('lock'))
    expect(listed.map(({ name }) => name).sort()).toEqual(names.sort())
  })

  test('are not replaced by hard links either, where rename would replace them', async ({ server, expect }) => {
    const options = sftpOptions(server, 'builtin', 'hard links')
    await using backend = await fillPlace(await openSftpBackend(options, new Set(NOT_OPENSSH)))
    const writes = [1, 2, 3, 4].map((filling) => backend.write('pack', name, Buffer.alloc(100_000, filling)))
    const results = await Promise.allSettled(writes)
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused.map(({ reason }) => reason as unknown)).toEqual(Array(3).fill(expect.any(FileExistsError)))
    expect(await readdir(join(server.folder, 'hard links', 'data', name.slice(0, 2)))).toEqual([name])
  })

  test.for(CLIENTS)('%s: the space left is what the server says', async (client, { server, expect }) => {
    await using backend = await openSftpBackend(sftpOptions(server, client, '.'))
    expect(await backend.freeBytes?.()).toBeGreaterThan(0)
    await using plain = await openSftpBackend(sftpOptions(server, client, '.'), new Set(PLAIN))
    expect(plain.freeBytes).toBeUndefined()
  })

  test('that are gone with the whole repository are an error, not an empty list', async ({ server, expect }) => {
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system', 'going')))
    await rename(join(server.folder, 'going'), join(server.folder, 'gone'))
    const gone = { transient: false, message: expect.stringContaining('there is no repository in') }
    await expect(collect(backend.list('snapshot'))).rejects.toMatchObject(gone)
    await expect(collect(backend.list('pack'))).rejects.toMatchObject(gone)
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    expect(await readdir(server.folder)).not.toContain('going')
  })

  test('get their folder back when only that was lost', async ({ server, expect }) => {
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system', 'part')))
    await rename(join(server.folder, 'part', 'data'), join(server.folder, 'lost data'))
    expect(await collect(backend.list('pack'))).toEqual([])
    await backend.write('pack', name, content)
    expect(await collect(backend.list('pack'))).toEqual([{ name, size: content.length }])
  })
})

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777
}
