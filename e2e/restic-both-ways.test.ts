import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import {
  compareTrees,
  makeHostileTree,
  makeTempDir,
  randomBytesOf,
  runOk,
  type ProcessResult,
  type TreeDifference,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, noTreeTools, resticOn, restics, test as base, until } from './fixtures.ts'
import { Hikae, PROGRAM, jsonLines, type Message } from './hikae.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('tree', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await makeHostileTree(dir.path, { size: 'small' })
    return dir.path
  })
  .extend('empty', ({ dir }) => new Hikae({ repository: dir.join('repository'), cwd: dir.path }))
// oxlint-enable no-empty-pattern

/** Restic keeps no sockets, and nor do we. */
const isSocket = (path: string): boolean => path === 'specials/socket'

/** The format has no place for the hard links of FIFOs. */
const isLinkedFifo = ({ what, path }: TreeDifference): boolean => what === 'sameFile' && path.endsWith('fifo')

describe.skipIf(noRestic || noTreeTools).concurrent('the hostile tree', () => {
  test.for(['UTC', 'Asia/Tokyo', 'America/New_York', 'Australia/Lord_Howe'])(
    'has the same tree id from both in %s',
    async (zone, { tree, hikae, expect }) => {
      const env = { TZ: zone }
      await hikae.backup(['.'], ['--host', 'ours'], { cwd: tree, env })
      const { stdout } = await resticOn(hikae).ok(['backup', '.', '--host', 'theirs', '--json'], { cwd: tree, env })
      const summary = jsonLines(stdout).find(({ message_type }) => message_type === 'summary')
      expect(summary).toMatchObject({ data_blobs: 0, tree_blobs: 0, data_added: 0 })
      const [ours, theirs] = await hikae.snapshots()
      expect(ours!['tree']).toBe(theirs!['tree'])
    },
  )

  test('comes back whole from our own repository, with what restic cannot keep', async ({
    tree,
    hikae,
    dir,
    expect,
  }) => {
    await hikae.backup(['.'], [], { cwd: tree })
    await hikae.restore('latest', dir.join('restored'), ['--verify', '--sparse'])
    const options = { without: isSocket, root: false, allocationSlack: 0 }
    expect((await compareTrees(tree, dir.join('restored'), options)).filter((found) => !isLinkedFifo(found))).toEqual(
      [],
    )
  })

  test.for(restics)(
    'of restic $version is read, listed, checked, restored and backed up again as our own',
    async (binary, { tree, empty, dir, expect }) => {
      const restic = resticOn(empty, binary)
      await restic.init()
      await restic.backup(['.'], ['--host', 'here', '--tag', 'theirs'], { cwd: tree })
      await empty.check()
      const listed = await resticOn(empty).ls('latest')
      const ours = (await empty.messages(['ls', 'latest'])).filter(({ message_type }) => message_type === 'node')
      expect(ours.map(essence)).toEqual(listed.map(essence))
      await empty.restore('latest', dir.join('restored'))
      const differences = await compareTrees(tree, dir.join('restored'), { without: isSocket, root: false })
      // Restic 0.14 stores neither attributes of links nor link targets that are not UTF-8.
      const expected = binary.version.startsWith('0.14.')
        ? /^(target (names as links|links\/not UTF-8)|attributes attributes\/link$)/
        : /^$/
      const others = differences.filter((found) => !isLinkedFifo(found))
      expect(others.map(({ path, what }) => `${what} ${path}`).filter((text) => !expected.test(text))).toEqual([])
      const again = await empty.backup(['.'], ['--host', 'here'], { cwd: tree })
      expect(again).toMatchObject({ data_blobs: 0, files_new: 0, files_changed: 0 })
      await restic.check()
    },
  )
})

describe.skipIf(noRestic).concurrent('on one repository', () => {
  test.for(restics)('restic $version sees the changes that we see', async (binary, { dir, hikae, expect }) => {
    const tree = await makeFiles(dir.join('tree'), {
      changed: 'old',
      gone: 'x',
      'type/inside': 'y',
      same: 'same',
      mode: 'm',
    })
    await hikae.backup(['tree'])
    await rm(dir.join('tree/gone'))
    await appendFile(dir.join('tree/changed'), ' and new')
    await rm(dir.join('tree/type'), { recursive: true })
    await makeFiles(tree, { type: 'a file now', 'new folder/new file': 'z' })
    await runOk('chmod', ['0700', dir.join('tree/mode')])
    await hikae.backup(['tree'])
    const [older, newer] = (await hikae.snapshots()).map(({ id }) => String(id)) as [string, string]
    for (const args of [[], ['--metadata']]) {
      const theirs = await resticOn(hikae, binary).diff(older, newer, args)
      const ours = (await hikae.ok(['diff', ...args, older, newer])).stdout.split('\n')
      const changes = ours.filter((line) => /^[+\-MTU?]{1,2} +\//.test(line))
      expect(changes.toSorted()).toEqual(theirs.toSorted())
      expect(changes.length).toBeGreaterThan(4)
    }
  })

  test('both back up at once, and everything is whole', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('ours'), { a: randomBytesOf('a', 8_000_000), shared: randomBytesOf('shared', 3_000_000) })
    await makeFiles(dir.join('theirs'), {
      b: randomBytesOf('b', 8_000_000),
      shared: randomBytesOf('shared', 3_000_000),
    })
    await Promise.all([
      hikae.backup(['ours']),
      resticOn(hikae).backup(['theirs'], [], { cwd: dir.path }),
      hikae.backup(['theirs'], ['--host', 'third']),
    ])
    expect(await hikae.snapshots()).toHaveLength(3)
    await hikae.check()
    await resticOn(hikae).check()
  })

  test('a shared lock of either keeps the other from exclusive work only: exit status 11', async ({
    dir,
    hikae,
    expect,
  }) => {
    await makeFiles(dir.join('tree'), { file: 'content' })
    const wait = ['--', 'sh', '-c', 'while [ ! -e go ]; do sleep 0.02; done; echo done']
    const restic = resticOn(hikae)
    {
      await using ours = await hikae.start(['backup', '--stdin-from-command', ...wait])
      await until(async () => (await filesOf(hikae, 'locks')).length > 0, ours)
      expectLocked(await restic.run(['prune']))
      await restic.backup(['tree'], [], { cwd: dir.path })
      await writeFile(dir.join('go'), '')
      expect((await ours.finished).exitCode).toBe(0)
    }
    await rm(dir.join('go'))
    const theirs = hikae.with({ program: restic.binary.path, env: resticEnvironment(hikae) })
    {
      await using running = await theirs.start(['backup', '--no-cache', '--stdin-from-command', ...wait])
      await until(async () => (await filesOf(hikae, 'locks')).length > 0, running)
      const refused = expectLocked(await hikae.run(['prune']))
      await hikae.check()
      expect(refused.stderr).toMatch(/^hikae: .* is locked by process \d+ of [^\n]+\nnext: .*hikae unlock/)
      expect((await hikae.ok(['unlock'])).stdout).toContain('no lock had to be removed')
      await hikae.backup(['tree'])
      await writeFile(dir.join('go'), '')
      expect((await running.finished).exitCode).toBe(0)
    }
    await hikae.check()

    function expectLocked(result: ProcessResult): ProcessResult {
      expect(result.exitCode).toBe(11)
      return result
    }
  })

  test('an exclusive lock of either keeps the other out, or waiting', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('tree'), { file: 'content' })
    await runOk('mkfifo', [dir.join('typing')])
    const restic = resticOn(hikae)
    // Changing a password waits, with an exclusive lock, for the new one.
    const programs = [
      { ours: true, command: [PROGRAM, 'key', 'passwd'] },
      { ours: false, command: [restic.binary.path, 'key', 'passwd', '--no-cache'] },
    ]
    for (const { ours, command } of programs) {
      const shell = hikae.with({ program: 'sh', env: resticEnvironment(hikae) })
      await using holder = await shell.start(['-c', 'exec "$@" <typing', 'sh', ...command])
      // Opened for reading and writing, so that neither side waits for the other.
      await using keyboard = await shell.start([
        '-c',
        'exec 3<>typing; while [ ! -e typed ]; do sleep 0.02; done; cat typed >&3; while [ ! -e over ]; do sleep 0.02; done',
      ])
      await until(async () => (await filesOf(hikae, 'locks')).length > 0, holder)
      const refused = ours
        ? await restic.run(['backup', 'tree'], { cwd: dir.path })
        : await hikae.run(['backup', 'tree'])
      expect(refused.exitCode).toBe(11)
      const waiting = hikae.run(['backup', '--retry-lock', '2m', 'tree'])
      // Renamed into place: the keyboard never sees it half written.
      await writeFile(dir.join('typing.part'), `${hikae.password}\n${hikae.password}\n`)
      await rename(dir.join('typing.part'), dir.join('typed'))
      const { exitCode, stderr } = await holder.finished
      expect(stderr).not.toContain(hikae.password)
      expect(exitCode).toBe(0)
      expect((await waiting).exitCode).toBe(0)
      await writeFile(dir.join('over'), '')
      await keyboard.finished
      await rm(dir.join('typed'))
      await rm(dir.join('over'))
    }
    expect(await hikae.snapshots()).toHaveLength(2)
  })
})

describe.skipIf(noRestic).concurrent('repositories of version 1', () => {
  test('are made, written and restored by us, and checked by restic', async ({ dir, empty, expect }) => {
    await makeFiles(dir.join('tree'), { zeros: Buffer.alloc(2_000_000), noise: randomBytesOf('noise', 1_000_000) })
    await empty.init(['--repository-version', '1'])
    const summary = await empty.backup(['tree'])
    expect(summary['data_added_packed']).toBeGreaterThanOrEqual(Number(summary['data_added']))
    await resticOn(empty).check()
    await empty.check()
    await mkdir(dir.join('restored'))
    await empty.restore('latest:/tree', dir.join('restored'))
    expect(await compareTrees(dir.join('tree'), dir.join('restored'), { root: false })).toEqual([])
  })
})

/** What a listing tells of an entry, in the words of both programs. */
function essence(node: Message): Message {
  const { path, type, uid, gid, size, mode = 0, permissions, mtime, atime, ctime } = node
  return { path, type, uid, gid, size, mode, permissions, mtime, atime, ctime }
}

function resticEnvironment({ repository, password }: Hikae): Record<string, string> {
  return { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password }
}
