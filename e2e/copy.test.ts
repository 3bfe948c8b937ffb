import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock, openLocalBackend, openRepository } from '@hikae/engine'
import {
  compareTrees,
  killable,
  makeCheapRepository,
  OTHER_POLYNOMIAL,
  randomBytesOf,
  type TempDir,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base, testWithCopyOf } from './fixtures.ts'
import { Hikae, jsonLines } from './hikae.ts'

const SOURCE_PASSWORD = 'the password of the source'

/** `source` has two snapshots, of the hosts one and two; `hikae` is an empty repository with another password. */
const test = testWithCopyOf(fill)
  .extend('source', ({ dir }) => sourceIn(dir))
  .extend('hikae', async ({ dir }) => {
    const hikae = new Hikae({
      repository: dir.join('repository'),
      cwd: dir.path,
      env: { HIKAE_FROM_REPOSITORY: dir.join('source'), HIKAE_FROM_PASSWORD: SOURCE_PASSWORD },
    })
    await hikae.initCheaply({ chunkerPolynomial: OTHER_POLYNOMIAL })
    return hikae
  })

function sourceIn(dir: TempDir): Hikae {
  return new Hikae({ repository: dir.join('source'), password: SOURCE_PASSWORD, cwd: dir.path })
}

async function fill(dir: TempDir): Promise<void> {
  const source = sourceIn(dir)
  await source.initCheaply()
  // So long that it is cut.
  const noise = randomBytesOf('noise', 8_000_000)
  await makeFiles(dir.join('tree'), { same: 'same', 'sub/noise': noise })
  await source.backup(['tree'], ['--host', 'one', '--tag', 'first,old'])
  await makeFiles(dir.join('tree'), { 'sub/later': 'later' })
  await source.backup(['tree'], ['--host', 'two'])
}

describe.concurrent('hikae copy', () => {
  test('brings every snapshot over, and nothing the second time', async ({ source, hikae, dir, expect }) => {
    const messages = await hikae.messages(['copy'])
    const copied = messages.filter(({ message_type }) => message_type === 'snapshot_copied')
    const before = await source.snapshots()
    expect(copied.map(({ snapshot }) => snapshot)).toEqual(before.map(({ id }) => id))
    expect(messages.at(-1)).toMatchObject({ message_type: 'summary', snapshots_copied: 2, snapshots_present: 0 })
    const copies = await hikae.snapshots()
    expect(copies.map(({ id }) => id)).toEqual(copied.map(({ copy }) => copy))
    expect(copies.map(({ original, tree, hostname, tags }) => ({ original, tree, hostname, tags }))).toEqual(
      before.map(({ id, tree, hostname, tags }) => ({ original: id, tree, hostname, tags })),
    )
    await hikae.check()
    if (!noRestic) await resticOn(hikae).check()
    await hikae.restore('latest', dir.join('restored'))
    expect(await compareTrees(dir.join('tree'), dir.join('restored/tree'))).toEqual([])

    const again = await hikae.messages(['copy'])
    expect(again.at(-1)).toMatchObject({ snapshots_copied: 0, snapshots_present: 2, blobs_copied: 0, bytes_stored: 0 })
    expect(await hikae.snapshots()).toEqual(copies)
    const { stdout } = await hikae.ok(['copy', '-v'])
    expect(stdout).toMatch(/^snapshot [0-9a-f]{8} of .* is there already, as [0-9a-f]{8}$/m)
    expect(stdout).toContain('0 snapshots copied, 2 there already\n')
    expect([await filesOf(source, 'locks'), await filesOf(hikae, 'locks')]).toEqual([[], []])
  })

  test.for([
    [['--host', 'one'], ['one']],
    [['--tag', 'first,old'], ['one']],
    [['latest'], ['two']],
    [['--path', '/nowhere'], []],
  ] as const)('with %j takes only what is meant', async ([args, hosts], { source, hikae, expect }) => {
    expect(await source.snapshots()).toHaveLength(2)
    const { stderr } = await hikae.ok(['copy', ...args])
    expect((await hikae.snapshots()).map(({ hostname }) => hostname)).toEqual(hosts)
    expect(stderr.includes('no snapshot of the source matches')).toBe(hosts.length === 0)
  })

  test('takes the password of the source from a file or a command, and its name from a file', async ({
    source,
    hikae,
    dir,
    expect,
  }) => {
    await makeFiles(dir.path, { 'password file': `${SOURCE_PASSWORD}\n`, 'name file': `${source.repository}\n` })
    const bare = hikae.with({ env: { HIKAE_FROM_REPOSITORY: '', HIKAE_FROM_PASSWORD: '' } })
    const [first] = await source.snapshots()
    await bare.ok(['copy', '--from-repo', 'source', '--from-password-file', 'password file', String(first!['id'])])
    await bare.ok(['copy', '--from-repository-file', 'name file', '--from-password-command', 'cat password\\ file'])
    expect(await hikae.snapshots()).toHaveLength(2)
  })

  test('says so when the two repositories cut content differently, and init makes them alike', async ({
    source,
    hikae,
    dir,
    expect,
  }) => {
    const tree = [dir.join('tree')]
    expect((await hikae.ok(['copy'])).stderr).toMatch(/warning: .*hikae init --copy-chunker-params/)
    const alike = hikae.with({ repository: dir.join('alike') })
    await alike.init(['--copy-chunker-params'])
    expect((await alike.ok(['copy'])).stderr).toBe('')
    // The noise is longer than a cut: only the other repository has to store it once more.
    expect(Number((await alike.backup(tree))['data_blobs'])).toBe(0)
    expect(Number((await hikae.backup(tree))['data_blobs'])).toBeGreaterThan(0)
    expect(await source.snapshots()).toHaveLength(2)
  })

  test('names what is damaged, copies the rest, and ends with 3', async ({ source, hikae, expect }) => {
    const [first, second] = await source.snapshots()
    await spoil(source, String(second!['id']), 'later')
    const { exitCode, stdout, stderr } = await hikae.run(['copy'])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/^error: snapshot [0-9a-f]{8} of .* was not copied: \/tree\/sub\/later: data blob/m)
    expect(stdout).toContain('1 snapshot not copied, because of damage in the source\n')
    expect((await hikae.snapshots()).map(({ original }) => original)).toEqual([first!['id']])
    await hikae.check()
    const only = await hikae.run(['--json', 'copy', String(second!['id'])])
    expect(only.exitCode).toBe(1)
    expect(jsonLines(only.stderr)).toContainEqual(
      expect.objectContaining({
        message_type: 'error',
        during: 'copy',
        item: '/tree/sub/later',
        snapshot: second!['id'],
      }),
    )
  })

  test.for(['SIGINT', 'SIGTERM'] as const)(
    'ended by %s goes on from there the next time',
    async (signal, { source, hikae, dir, expect }) => {
      const noise = Array.from({ length: 10 }, (_, at) => [`large/${at}`, randomBytesOf(at, 15_000_000)] as const)
      await makeFiles(dir.path, Object.fromEntries(noise))
      await source.backup(['large'])
      const env = killable({ folder: join(hikae.repository, 'data'), at: 20, signal })
      const { exitCode, stderr } = await hikae.run(['copy', '--pack-size', '4'], { env })
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 130,
        stderr: expect.stringContaining(`stopped by ${signal}`) as string,
      })
      expect([await filesOf(source, 'locks'), await filesOf(hikae, 'locks')]).toEqual([[], []])
      expect((await hikae.ok(['check'])).stderr).not.toContain('in no index')
      const summary = (await hikae.messages(['copy'])).at(-1)!
      expect(Number(summary['bytes_read'])).toBeLessThan(150_000_000)
      expect(await hikae.snapshots()).toHaveLength(3)
      await hikae.check()
    },
  )
})

describe.concurrent('hikae copy is refused', () => {
  test('with one paragraph and an exit code that tells why', async ({ source, hikae, dir, expect }) => {
    await writeFile(dir.join('wrong'), 'not it\n')
    const unnamed = hikae.with({ env: { HIKAE_FROM_REPOSITORY: '' } })
    const cases: [Hikae, string[], number, RegExp][] = [
      [unnamed, ['copy'], 2, /no repository to copy from is named/],
      [hikae, ['copy', '--from-repo', 'repository'], 2, /are the same repository/],
      [hikae, ['copy', '--from-repo', './tree/../repository'], 2, /are the same repository/],
      [hikae, ['copy', '--from-repo', 'absent'], 10, /no repository at .*absent/],
      [hikae, ['copy', '--from-password-file', 'wrong'], 12, /opens no key of .*source/],
      [hikae, ['copy', '--password-file', 'wrong'], 12, /opens no key of .*repository/],
      [hikae, ['copy', '-r', 'absent'], 10, /no repository at .*absent/],
      [hikae, ['copy', 'beef'], 1, /no snapshot has an id that begins with beef/],
      [hikae, ['copy', '-r', 'a', '-r', 'b'], 2, /works on one repository/],
      [hikae, ['copy', '--from-repo', 's3:host'], 2, /s3: address names no bucket/],
      [hikae, ['copy', '--from-password-file', 'wrong', '--from-password-command', 'true'], 2, /only one of/],
    ]
    for (const [program, args, code, says] of cases) {
      const { exitCode, stdout, stderr } = await program.run(args)
      expect({ exitCode, stdout }, args.join(' ')).toEqual({ exitCode: code, stdout: '' })
      expect(stderr, args.join(' ')).toMatch(says)
      expect(stderr).toMatch(/^hikae: [^\n]+\nnext: [^\n]+\n$/)
    }
    expect(await hikae.snapshots()).toEqual([])
    expect(await source.snapshots()).toHaveLength(2)
  })

  test('while another program has either repository for itself', async ({ source, hikae, expect }) => {
    for (const { repository: folder, password } of [source, hikae]) {
      await using repository = await openRepository(await openLocalBackend(folder), { password })
      await using _lock = await acquireLock(repository, 'exclusive')
      const { exitCode, stderr } = await hikae.run(['copy'])
      expect(exitCode).toBe(11)
      expect(stderr).toContain(`${folder} is locked exclusively`)
    }
    await hikae.ok(['copy'])
  })
})

describe.concurrent('hikae migrate', () => {
  const version1 = base.extend('hikae', async ({ dir }) => {
    const temporary = dir.join('temporary')
    await makeFiles(temporary, {})
    const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path, env: { TMPDIR: temporary } })
    await makeCheapRepository(hikae.repository, hikae.password, { version: 1 })
    await makeFiles(dir.join('tree'), { text: 'all work and no play\n'.repeat(10_000) })
    await hikae.backup(['tree'])
    return hikae
  })

  version1('upgrades a repository of version 1, once', async ({ hikae, dir, expect }) => {
    expect((await hikae.ok(['migrate'])).stdout).toMatch(/^upgrade_repo_v2 {2}\S/)
    expect(await hikae.document<object[]>(['migrate'])).toMatchObject([{ name: 'upgrade_repo_v2' }])
    const { stdout } = await hikae.ok(['migrate', 'upgrade_repo_v2'])
    expect(stdout).toContain('format version 2 now')
    expect(stdout).toContain('hikae prune --repack-uncompressed')
    expect((await hikae.document(['cat', 'config']))['version']).toBe(2)
    expect((await hikae.ok(['migrate'])).stdout).toContain('no migration applies')
    const [again] = await hikae.messages(['migrate', 'upgrade_repo_v2'])
    expect(again).toMatchObject({ message_type: 'migrated', changed: false })
    expect(await readdir(dir.join('temporary'))).toEqual([])
    await hikae.backup(['tree'], ['--force'])
    await hikae.check()
    if (!noRestic) await resticOn(hikae).check()
    await hikae.restore('latest', dir.join('restored'))
    expect(await compareTrees(dir.join('tree'), dir.join('restored/tree'))).toEqual([])
  })

  version1('changes nothing when the repository is damaged', async ({ hikae, expect }) => {
    const before = await readFile(join(hikae.repository, 'config'))
    const [pack] = await filesOf(hikae, 'data')
    await rm(join(hikae.repository, 'data', pack!.slice(0, 2), pack!))
    const { exitCode, stderr } = await hikae.run(['migrate', 'upgrade_repo_v2'])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(
      /^hikae: the repository was not changed, since the check before found .*\nnext: run `hikae check`/m,
    )
    expect(Buffer.compare(await readFile(join(hikae.repository, 'config')), before)).toBe(0)
    expect(await hikae.run(['migrate', 'upgrade_repo_v9'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("'upgrade_repo_v9'") as string,
    })
  })
})

describe.concurrent('hikae recover', () => {
  test('brings back what lost its snapshot', async ({ source, dir, expect }) => {
    const [first, second] = await source.snapshots()
    for (const lost of [first, second]) await rm(join(source.repository, 'snapshots', String(lost!['id'])))
    const dry = await source.ok(['recover', '--dry-run'])
    expect(dry.stdout).toMatch(/^[0-9a-f]{8} {2}3 files, 7\.\d+ MiB: tree$/m)
    expect(dry.stdout).toContain('2 lost directories found; nothing was stored')
    expect(await source.snapshots()).toEqual([])

    const summary = (await source.messages(['recover'])).at(-1)!
    const recovered = summary['recovered'] as { name: string; total_files: number }[]
    const [snapshot] = await source.snapshots()
    expect(snapshot).toMatchObject({ id: summary['snapshot_id'], paths: ['/recover'], tags: ['recovered'] })
    const whole = recovered.find(({ total_files }) => total_files === 3)!
    await source.restore(`latest:/${whole.name}`, dir.join('restored'))
    expect(await compareTrees(dir.join('tree'), dir.join('restored/tree'))).toEqual([])
    await source.check()
    if (!noRestic) await resticOn(source).check()
    expect((await source.ok(['recover'])).stdout).toContain('nothing is lost')
    expect(await source.snapshots()).toHaveLength(1)
  })

  test('says what it could not look at, and ends with 3', async ({ source, expect }) => {
    const [index] = await filesOf(source, 'index')
    await rm(join(source.repository, 'index', index!))
    const { exitCode, stderr } = await source.run(['recover'])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/packs? in no index w(as|ere) not looked at: run `hikae repair index`/)
  })
})

/** Flips a bit in the content of a file below `/tree/sub`. */
async function spoil(hikae: Hikae, snapshot: string, name: string): Promise<void> {
  const tree = await hikae.document<{ nodes: { name: string; content: string[] }[] }>([
    'cat',
    'tree',
    `${snapshot}:/tree/sub`,
  ])
  const [blob] = tree.nodes.find((node) => node.name === name)!.content
  for (const id of await filesOf(hikae, 'index')) {
    const { packs } = await hikae.document<{ packs: { id: string; blobs: { id: string; offset: number }[] }[] }>([
      'cat',
      'index',
      id,
    ])
    for (const pack of packs) {
      const found = pack.blobs.find((entry) => entry.id === blob)
      if (found) await flipBit(join(hikae.repository, 'data', pack.id.slice(0, 2), pack.id), found.offset + 20)
    }
  }
}

async function flipBit(file: string, at: number): Promise<void> {
  const content = await readFile(file)
  content[at]! ^= 1
  await chmod(file, 0o600)
  await writeFile(file, content)
}
