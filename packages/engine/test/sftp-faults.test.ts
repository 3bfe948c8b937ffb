import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, test as base } from 'vitest'
import { Bandwidth, InvalidInputError, openSftpBackend, withRetry, type Backend } from '@hikae/engine'
import {
  collect,
  makeSmallDisk,
  makeTempDir,
  randomBytesOf,
  runOk,
  skipBecause,
  startProcess,
  startSftpServer,
  startTcpProxy,
  whyNoSftpServer,
  whyNoSmallDisk,
  type SftpServer,
} from '@hikae/testkit'
import { sha256Id } from '../src/crypto/hash.ts'
import { CLIENTS, fillPlace, sftpOptions } from './support/sftp.ts'

const MEBIBYTE = 1024 * 1024
/** Debian's; it speaks on stdin and stdout. */
const SFTP_SERVER = '/usr/lib/openssh/sftp-server'
const content = randomBytesOf('pack', 16 * MEBIBYTE)
const name = sha256Id(content)

const noServer = skipBecause(await whyNoSftpServer())
const noJail = skipBecause(await whyNoSftpServer({ jail: true }))
const noDisk = skipBecause(await whyNoSmallDisk())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startSftpServer({ hostKeys: ['ed25519', 'ecdsa'] })
    onCleanup(() => server[Symbol.asyncDispose]())
    return server
  })
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
// oxlint-enable no-empty-pattern

describe.skipIf(noServer).for(CLIENTS)('%s: a server that says nothing', (client) => {
  test('is given up when the signal aborts', async ({ server, expect }) => {
    await using proxy = await startTcpProxy({
      target: { host: server.host, port: server.port },
      faults: { stallAfterBytes: 0 },
    })
    const controller = new AbortController()
    const opening = openSftpBackend({ ...sftpOptions(server, client), port: proxy.port, signal: controller.signal })
    const outcome = opening.then(
      () => 'opened',
      (error: unknown) => error,
    )
    while (proxy.connections === 0) await setTimeout(5)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await outcome).toBe(reason)
  })
})

describe.skipIf(noServer).for(CLIENTS)('%s: who is who', (client) => {
  test('an unknown server is refused with its fingerprint, and accepted after the command that the hint names', async ({
    server,
    dir,
    expect,
  }) => {
    const options = { ...sftpOptions(server, client), knownHostsFiles: [dir.join('known_hosts')] }
    const error = await failureOf(openSftpBackend(options))
    expect(error).toMatchObject({ code: 'BACKEND', transient: false })
    expect(error.message).toContain('is not in known_hosts')
    expect(error.message).toContain(await fingerprintOf(server, 'ed25519'))
    const command = /`(ssh-keyscan [^`]+)`/.exec(error.hint)?.[1]
    await runOk('sh', ['-c', command!])
    await using backend = await openSftpBackend(options)
    expect(backend.location).toContain(`127.0.0.1:${server.port}`)
  })

  test('a server is known by any of its keys, also when its name is hashed', async ({ server, dir, expect }) => {
    const ecdsa = server.knownHosts.split('\n').find((line) => line.includes('ecdsa'))
    await writeFile(dir.join('known_hosts'), `${ecdsa}\n`)
    await runOk('ssh-keygen', ['-H', '-f', dir.join('known_hosts')])
    expect(await readFile(dir.join('known_hosts'), 'utf8')).toMatch(/^\|1\|/)
    await using backend = await openSftpBackend({
      ...sftpOptions(server, client),
      knownHostsFiles: [dir.join('known_hosts')],
    })
    expect(backend.connections).toBe(5)
  })

  test('a server whose key has changed is refused loudly', async ({ expect }) => {
    await using server = await startSftpServer()
    await server.changeHostKeys()
    const error = await failureOf(openSftpBackend(sftpOptions(server, client)))
    expect(error).toMatchObject({ code: 'BACKEND', transient: false })
    expect(error.message).toContain('HAS CHANGED')
    expect(error.message).toContain(await fingerprintOf(server, 'ed25519'))
    expect(error.hint).toContain(`ssh-keygen -R '[127.0.0.1]:${server.port}'`)
    expect(await server.log()).not.toContain('Accepted publickey')
  })

  test('a revoked key is refused', async ({ server, dir, expect }) => {
    const revoked = server.knownHosts.replaceAll(/^\S+/gm, '@revoked *')
    await writeFile(dir.join('known_hosts'), `${server.knownHosts}${revoked}`)
    const options = { ...sftpOptions(server, client), knownHostsFiles: [dir.join('known_hosts')] }
    expect(await failureOf(openSftpBackend(options))).toMatchObject({ code: 'BACKEND', transient: false })
  })

  test('a key that the server does not know is refused, and waiting does not help', async ({ server, dir, expect }) => {
    await runOk('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', dir.join('stranger')])
    const error = await failureOf(
      openSftpBackend({ ...sftpOptions(server, client), identityFiles: [dir.join('stranger')] }),
    )
    expect(error).toMatchObject({ transient: false, hint: expect.stringContaining('authorized_keys') })
    expect(error.message).toContain('does not let us in')
  })

  test('a key with a passphrase says so, and opens through an agent', async ({ server, dir, expect }) => {
    const key = dir.join('locked')
    await runOk('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    await using open = await startSftpServer({
      settings: [`AuthorizedKeysFile ${join(dirname(server.identityFile), 'authorized_keys')} ${key}.pub`],
    })
    const options = { ...sftpOptions(open, client), identityFiles: [key] }
    await using agent = await startProcess('ssh-agent', ['-D', '-a', dir.join('agent')])
    await agent.printed('SSH_AUTH_SOCK')
    await runOk('ssh-add', ['-q', key], { env: { SSH_AUTH_SOCK: dir.join('agent') } })
    await runOk('ssh-keygen', ['-q', '-p', '-N', 'secret words', '-f', key])
    const error = await failureOf(openSftpBackend(options))
    expect(error).toMatchObject({ transient: false, hint: expect.stringContaining('ssh-add') })
    expect(error.message).toContain('protected by a passphrase')
    const withAgent = { ...options, agentSocket: dir.join('agent'), identityFiles: [] }
    await using backend = await openSftpBackend(withAgent)
    expect(backend.location).toContain('sftp://')
  })

  test('nobody listening is trouble that may pass', async ({ dir, expect }) => {
    await using server = await startSftpServer()
    await server.stop()
    const error = await failureOf(openSftpBackend(sftpOptions(server, client)))
    expect(error).toMatchObject({ transient: true, message: expect.stringContaining('connection refused') })
    expect(await readdir(dir.path)).toEqual([])
  })

  test('a name that does not exist is an error to correct', async ({ server, expect }) => {
    const error = await failureOf(openSftpBackend({ ...sftpOptions(server, client), host: 'nowhere.invalid' }))
    expect(error).toMatchObject({ message: expect.stringMatching(/could not be resolved|cannot be looked up/) })
  })

  test('a server without SFTP says so', async ({ expect }) => {
    await using server = await startSftpServer({ settings: ['ForceCommand echo You may not log in here'] })
    const error = await failureOf(openSftpBackend(sftpOptions(server, client)))
    expect(error).toMatchObject({ transient: false })
    expect(error.message).toContain('something that is not SFTP: "You may not log in here')
  })
})

describe.skipIf(noJail)('an account that sees one folder only', () => {
  const password = 'three blind mice'

  test('is opened by a password, which stays out of every message', async ({ expect }) => {
    await using server = await startSftpServer({ jail: { password } })
    const { identityFiles: _, ...options } = { ...sftpOptions(server, 'builtin'), password }
    await using backend = await fillPlace(await openSftpBackend(options))
    await backend.write('pack', name, content)
    expect(await readdir(server.folder)).toEqual(['repository'])
    const error = await failureOf(openSftpBackend({ ...options, password: `not ${password}` }))
    expect(error).toMatchObject({ transient: false, message: expect.stringContaining('does not let us in') })
    expect(`${error.message} ${error.hint}`).not.toContain(password)
  })

  test('is opened by a key, and may write nowhere else', async ({ expect }) => {
    await using server = await startSftpServer({ jail: {} })
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system')))
    expect(await backend.read('config', '')).toHaveLength(6)
    await using outside = await openSftpBackend({ ...sftpOptions(server, 'system'), path: '/elsewhere' })
    expect(await failureOf(outside.create())).toMatchObject({
      transient: false,
      message: expect.stringContaining('permission denied'),
    })
  })
})

test('options that contradict each other are refused before anything is tried', async ({ expect }) => {
  const place = { host: 'nas', path: 'backup' }
  for (const options of [
    { ...place, client: 'system', password: 'x' },
    { ...place, client: 'builtin', sshArguments: [] },
    { ...place, client: 'builtin', program: ['ssh'] },
    { ...place, host: '-oProxyCommand=evil' },
    { ...place, host: 'two words' },
    { ...place, path: '' },
    { ...place, path: '~/backup' },
  ] as const) {
    await expect(openSftpBackend(options)).rejects.toBeInstanceOf(InvalidInputError)
  }
})

describe.skipIf(noServer)('programs in place of ssh', () => {
  test('one that speaks SFTP serves as well', async ({ dir, expect }) => {
    await using backend = await openSftpBackend({ host: 'nas', path: dir.join('repository'), program: [SFTP_SERVER] })
    await fillPlace(backend)
    await backend.write('pack', name, content)
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
  })

  test.for([
    ['is not there', ['/nowhere/ssh'], false, 'cannot be started'],
    ['fails', ['sh', '-c', 'echo no luck >&2; exit 3'], false, 'sh ended with 3 (no luck)'],
    ['prints text', ['sh', '-c', 'echo Have a nice day; sleep 100'], false, 'not SFTP: "Have a nice day'],
    ['says nothing', ['sh', '-c', 'exec sleep 100'], true, 'nothing arrived for 0.4 s'],
  ] as const)('one that %s is an error', async ([, program, transient, message], { expect }) => {
    const options = { host: 'nas', path: '/backup', program, stuckAfterMs: 400 }
    expect(await failureOf(openSftpBackend(options))).toMatchObject({
      code: 'BACKEND',
      transient,
      message: expect.stringContaining(message),
    })
  })

  test('a machine without ssh has the built-in client', async ({ server, expect }) => {
    const { client: _, sshArguments: __, ...options } = sftpOptions(server, 'system')
    const environment = { PATH: '/nowhere' }
    await using backend = await openSftpBackend({ ...options, environment })
    expect(backend.location).toContain('sftp://')
    expect(await failureOf(openSftpBackend({ ...options, environment, client: 'system' }))).toMatchObject({
      message: expect.stringContaining('ssh is not installed'),
    })
  })
})

describe.skipIf(noServer).for(CLIENTS)('%s: connections that are lost', (client) => {
  test('an upload that is cut leaves nothing visible, the next call works, and the rest is swept away', async ({
    expect,
  }) => {
    await using server = await startSftpServer()
    const slow = new Bandwidth({ uploadBytesPerSecond: 8 * MEBIBYTE })
    const options = { ...sftpOptions(server, client), bandwidth: slow }
    await using backend = await fillPlace(await openSftpBackend(options))
    const folder = join(server.folder, 'repository', 'data', name.slice(0, 2))
    const failed = failureOf(backend.write('pack', name, content))
    await until(async () => (await bytesIn(folder)) > MEBIBYTE)
    expect(await server.killSessions()).toBeGreaterThan(0)
    expect(await failed).toMatchObject({ transient: true, message: expect.stringContaining('was lost') })
    expect(await collect(backend.list('pack'))).toEqual([])
    const [left] = await readdir(folder)
    expect(left).toMatch(new RegExp(`^${name}-restic-temp-[0-9a-f]{32}$`))
    const { size } = await stat(join(folder, left!))
    expect(await backend.sweepTemporary?.(3_600_000)).toEqual({ files: 0, bytes: 0 })
    expect(await backend.sweepTemporary?.(-60_000)).toEqual({ files: 1, bytes: size })
    await backend.write('pack', name, content)
    expect(await readdir(folder)).toEqual([name])
  })

  test('a server that starts again is found again by those who try again', async ({ expect }) => {
    await using server = await startSftpServer()
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, client)))
    await server.stop()
    expect(await failureOf(backend.size('config', ''))).toMatchObject({ transient: true })
    expect(await failureOf(backend.size('config', ''))).toMatchObject({ transient: true })
    let retries = 0
    const sleep = async () => {
      retries++
      if (retries === 2) await server.start()
    }
    expect(await withRetry(backend, { sleep }).size('config', '')).toBe(6)
    expect(retries).toBe(2)
  })

  test('many at once all hear of the loss, and all succeed when tried again', async ({ expect }) => {
    await using server = await startSftpServer()
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, client)))
    const parts = Array.from({ length: 10 }, (_, index) => content.subarray(index, index + 6 * MEBIBYTE))
    let cuts = 0
    const retrying = withRetry(backend, { sleep: async () => void cuts++ })
    const writes = Promise.all(parts.map((part) => retrying.write('pack', sha256Id(part), part)))
    await until(async () => (await server.countSessions()) > 0)
    await server.killSessions()
    await writes
    expect(cuts).toBeGreaterThan(0)
    expect(await collect(backend.list('pack'))).toHaveLength(parts.length)
  })

  test('nothing of ours runs on when the backend is disposed of', async ({ expect }) => {
    await using server = await startSftpServer()
    {
      await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, client)))
      await Promise.all([1, 2, 3, 4].map(() => backend.write('pack', name, content).catch(() => undefined)))
      expect(await server.countSessions()).toBeGreaterThan(0)
    }
    await until(async () => (await server.countSessions()) === 0)
  })
})

describe.skipIf(noServer)('servers that limit', () => {
  test('one channel has to do when the server allows no second', async ({ expect }) => {
    await using server = await startSftpServer({ settings: ['MaxSessions 1'] })
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'builtin')))
    await writeMany(backend)
    expect(await collect(backend.list('pack'))).toHaveLength(6)
    expect(await server.log()).toContain('no more sessions')
  })

  test('one connection has to do when there can be no second', async ({ dir, expect }) => {
    const once = `mkdir ${dir.join('taken')} || { touch ${dir.join('asked')}; exit 1; }; exec ${SFTP_SERVER}`
    await using backend = await fillPlace(
      await openSftpBackend({ host: 'nas', path: dir.join('repository'), program: ['sh', '-c', once] }),
    )
    await writeMany(backend)
    expect(await collect(backend.list('pack'))).toHaveLength(6)
    expect(await readdir(dir.path)).toContain('asked')
  })

  test('an account that may not delete can store, and is told what it may not', async ({ expect }) => {
    await using server = await startSftpServer({ refuse: ['remove'] })
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system')))
    await backend.write('pack', name, content)
    const error = await failureOf(backend.remove('pack', name))
    expect(error).toMatchObject({ transient: false, hint: expect.stringContaining('internal-sftp -P') })
    expect(error.message).toContain('permission denied')
    expect(await backend.size('pack', name)).toBe(content.length)
  })

  test('an account that may not rename leaves nothing behind', async ({ expect }) => {
    await using server = await startSftpServer({ refuse: ['rename', 'hardlink', 'posix-rename'] })
    await using backend = await openSftpBackend(sftpOptions(server, 'system'))
    await backend.create()
    expect(await failureOf(backend.write('config', '', content))).toMatchObject({ transient: false })
    expect(await readdir(join(server.folder, 'repository'))).not.toContain('config')
    expect((await readdir(join(server.folder, 'repository'))).filter((name) => name.includes('temp'))).toEqual([])
  })

  test('a server that knows no sync of files takes them all the same', async ({ expect }) => {
    await using server = await startSftpServer({ refuse: ['fsync', 'fsetstat', 'statvfs', 'limits'] })
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system')))
    await backend.write('pack', name, content)
    expect(await backend.size('pack', name)).toBe(content.length)
  })

  test.skipIf(noDisk)(
    'a full disk is reported as such, leaves no part of a file, and takes the file once there is room',
    async ({ expect }) => {
      await using disk = await makeSmallDisk({ sizeBytes: 48 * MEBIBYTE })
      await using server = await startSftpServer({ folder: disk.path })
      await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system')))
      expect(await backend.freeBytes?.()).toBe(await disk.freeBytes())
      await disk.fill(4 * MEBIBYTE)
      const error = await failureOf(backend.write('pack', name, content))
      expect(error).toMatchObject({ transient: false, message: expect.stringContaining('no space left') })
      expect(await readdir(join(server.folder, 'repository', 'data', name.slice(0, 2)))).toEqual([])
      await unlink(join(disk.path, 'ballast'))
      await backend.write('pack', name, content)
      expect(await collect(backend.list('pack'))).toEqual([{ name, size: content.length }])
    },
  )

  test.skipIf(noDisk)('a disk that is read-only says so', async ({ expect }) => {
    await using disk = await makeSmallDisk()
    await using server = await startSftpServer({ folder: disk.path })
    await using backend = await fillPlace(await openSftpBackend(sftpOptions(server, 'system')))
    await disk.remount('read-only')
    expect(await failureOf(backend.write('pack', name, content))).toMatchObject({
      transient: false,
      message: expect.stringContaining('read-only'),
    })
  })
})

async function writeMany(backend: Backend): Promise<void> {
  const parts = Array.from({ length: 6 }, (_, index) => content.subarray(index, index + 8 * MEBIBYTE))
  await Promise.all(parts.map((part) => backend.write('pack', sha256Id(part), part)))
}

async function failureOf(promise: Promise<unknown>): Promise<{ message: string; hint: string; transient: boolean }> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof Error)) throw new Error('it succeeded')
  return error as Error & { hint: string; transient: boolean }
}

async function fingerprintOf(server: SftpServer, kind: string): Promise<string> {
  const { stdout } = await runOk('ssh-keygen', ['-lf', join(dirname(server.identityFile), `host-${kind}.pub`)])
  return stdout.split(' ')[1]!
}

async function bytesIn(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await isSo()); await setTimeout(5)) {
    if (Date.now() > deadline) throw new Error('waited in vain')
  }
}
