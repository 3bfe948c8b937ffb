import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  backUp,
  check,
  initRepository,
  lockAndLoad,
  openRepository,
  openSftpBackend,
  openTargets,
  restore,
  type Repository,
  type SftpClient,
} from '@hikae/engine'
import {
  compareTrees,
  findRestic,
  makeTempDir,
  randomBytesOf,
  Restic,
  skipBecause,
  startSftpServer,
  whyNoSftpServer,
  type SftpServer,
} from '@hikae/testkit'
import { INIT, PASSWORD } from './support/ground.ts'
import { CLIENTS, sftpOptions } from './support/sftp.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startSftpServer()
    onCleanup(() => server[Symbol.asyncDispose]())
    return server
  })
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
// oxlint-enable no-empty-pattern

const binary = await findRestic()
const noTools =
  skipBecause(await whyNoSftpServer()) ||
  skipBecause(binary === undefined ? 'no restic: install it or run script/fetch-program restic' : undefined)

describe.skipIf(noTools).for(CLIENTS)('%s: a whole repository over SFTP', (client) => {
  test('is filled, checked and restored by the engine, and by restic over the same server', async ({
    server,
    dir,
    expect,
  }) => {
    const tree = dir.join('tree')
    await makeTree(tree)
    const folder = `${client}-ours`
    await using backend = await openSftpBackend(sftpOptions(server, client, folder))
    await initRepository(backend, INIT)
    await backUpTree(await open(server, client, folder), tree)
    await using repository = await open(server, client, folder)
    expect((await check(repository, { readData: { percent: 100 } })).errors).toEqual([])
    const [snapshot] = await repository.snapshots()
    await restore(repository, snapshot!, { target: dir.join('ours') })
    expect(await compareTrees(tree, dir.join('ours'), { root: false })).toEqual([])

    const restic = resticOn(server, folder)
    await restic.check()
    await restic.restore('latest', dir.join('by restic'))
    expect(await compareTrees(tree, dir.join('by restic'), { root: false })).toEqual([])
    // And what restic adds there is the engine's.
    await restic.backup([tree])
    await using again = await open(server, client, folder)
    expect(await again.snapshots()).toHaveLength(2)
    expect((await check(again, { readData: { percent: 100 } })).errors).toEqual([])
  })
})

test.skipIf(noTools)('a repository that restic made is read and added to', async ({ server, dir, expect }) => {
  const tree = dir.join('tree')
  await makeTree(tree)
  const folder = 'by-restic'
  const restic = resticOn(server, folder)
  await restic.init()
  await restic.backup(['.'], [], { cwd: tree })
  await using repository = await open(server, 'system', folder)
  const [snapshot] = await repository.snapshots()
  await restore(repository, snapshot!, { target: dir.join('ours') })
  expect(await compareTrees(tree, dir.join('ours'), { root: false })).toEqual([])
  await backUpTree(await open(server, 'system', folder), tree)
  await restic.check()
  expect(await restic.snapshots()).toHaveLength(2)
})

async function makeTree(root: string): Promise<void> {
  for (const folder of ['a', 'a/b', 'c']) {
    await mkdir(join(root, folder), { recursive: true })
    for (let file = 0; file < 20; file++) {
      await writeFile(join(root, folder, `${file}`), randomBytesOf(`${folder} ${file}`, file * 5000))
    }
  }
  await writeFile(join(root, 'large'), randomBytesOf('large', 8 * 1024 * 1024))
}

async function open(server: SftpServer, client: SftpClient, folder: string): Promise<Repository> {
  return openRepository(await openSftpBackend(sftpOptions(server, client, folder)), { password: PASSWORD })
}

async function backUpTree(opened: Repository, tree: string): Promise<void> {
  await using repository = opened
  await using _lock = await lockAndLoad(repository, 'shared')
  const { root, paths } = openTargets(['.'], { workingDirectory: tree })
  const report = await backUp(root, [{ repository }], {
    hostname: 'here',
    username: 'somebody',
    uid: 0,
    gid: 0,
    tags: [],
    paths,
    excludes: [],
    programVersion: 'hikae test',
  })
  if (report.outcome !== 'succeeded') throw new Error(`the backup ended as ${report.outcome}`)
}

/** With a command of its own, as `-o sftp.command` has it: it knows the port, the key and the server. */
function resticOn(server: SftpServer, folder: string): Restic {
  const { host, port, user, identityFile, knownHostsFile, path } = server
  const command = `ssh -F none -i ${identityFile} -o UserKnownHostsFile=${knownHostsFile} -p ${port} -l ${user} ${host} -s sftp`
  return new SftpRestic(`sftp:${user}@${host}:${path}/${folder}`, command)
}

class SftpRestic extends Restic {
  readonly #command: string

  constructor(repository: string, command: string) {
    super({ binary: binary!, repository, password: PASSWORD })
    this.#command = command
  }

  override ok(...[args, options]: Parameters<Restic['ok']>): ReturnType<Restic['ok']> {
    return super.ok(['-o', `sftp.command=${this.#command}`, ...args], options)
  }
}
