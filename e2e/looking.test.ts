import { writeFile } from 'node:fs/promises'
import { makeTempDir, randomBytesOf } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae, jsonLines, type Message } from './hikae.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('shared', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
  await hikae.initCheaply()
  await makeFiles(dir.join('tree'), {
    'a/config.json': '{}',
    'a/Notes.TXT': 'n',
    noise: randomBytesOf(1, 1_200_000),
    copy: randomBytesOf(1, 1_200_000),
  })
  const time = ['--time', '2026-01-02 03:04:05']
  const first = await hikae.backup(['tree'], ['--tag', 'nightly,db', '--host', 'one', ...time])
  await makeFiles(dir.join('tree'), { 'b/config.json': '{"b":1}', 'a/Notes.TXT': 'changed' })
  const second = await hikae.backup(['tree'], ['--host', 'two', '--time', '2026-02-03 04:05:06'])
  return { dir, hikae, ids: [String(first['snapshot_id']), String(second['snapshot_id'])] as const }
})
// oxlint-enable no-empty-pattern

describe.concurrent('snapshots', () => {
  test.for([
    { args: [], hosts: ['one', 'two'] },
    { args: ['--host', 'one'], hosts: ['one'] },
    { args: ['--tag', 'nightly'], hosts: ['one'] },
    { args: ['--tag', 'nightly,absent'], hosts: [] },
    { args: ['--tag', 'absent', '--tag', 'db'], hosts: ['one'] },
    { args: ['--tag', ''], hosts: ['two'] },
    { args: ['--path', '/absent'], hosts: [] },
    { args: ['--latest', '1'], hosts: ['one', 'two'] },
    { args: ['latest'], hosts: ['two'] },
    { args: ['latest~1'], hosts: ['one'] },
  ])('are chosen by $args', async ({ args, hosts }, { shared: { hikae }, expect }) => {
    expect((await hikae.snapshots(args)).map(({ hostname }) => hostname)).toEqual(hosts)
  })

  test('are shown to people with what tells them apart', async ({ shared: { hikae, ids }, expect }) => {
    const { stdout } = await hikae.ok(['snapshots'])
    expect(stdout).toContain(`${ids[0].slice(0, 8)}  2026-01-02 03:04:05  one`)
    expect(stdout).toMatch(/nightly/)
    expect(stdout).toContain('2 snapshots')
    const grouped = await hikae.ok(['snapshots', '--group-by', 'host'])
    expect(grouped.stdout).toMatch(/host[^\n]*one[^]*host[^\n]*two/)
  })
})

describe.concurrent('find', () => {
  test.for([
    { args: ['config.json'], found: ['one a/config.json', 'two a/config.json', 'two b/config.json'] },
    { args: ['*.TXT'], found: ['one a/Notes.TXT', 'two a/Notes.TXT'] },
    { args: ['-i', 'notes.*', '--host', 'two'], found: ['two a/Notes.TXT'] },
    { args: ['**/b/*', '-s', 'latest'], found: ['two b/config.json'] },
    { args: ['absent'], found: [] },
  ])('$args', async ({ args, found }, { shared, expect }) => {
    const matches = await shared.hikae.document<{ matches: Message[]; snapshot: string }[]>(['find', ...args])
    const names = matches.flatMap(({ snapshot, matches }) =>
      matches.map(({ path }) => `${hostOf(shared.ids, snapshot)} ${String(path).replace(/^.*\/tree\//, '')}`),
    )
    expect(names.toSorted()).toEqual(found)
  })

  test('finds what holds a blob, a tree or a pack', async ({ shared: { hikae, ids }, expect }) => {
    const { stdout } = await hikae.ok(['list', 'blobs'])
    const data = stdout.split('\n').filter((line) => line.startsWith('data '))
    const [packId] = (await hikae.ok(['list', 'packs'])).stdout.split('\n')
    const blob = await hikae.ok(['find', '--blob', data[0]!.split(' ')[1]!])
    expect(blob.stdout).toMatch(/tree\//)
    const [{ tree }] = (await hikae.snapshots([ids[0]])) as [{ tree: string }]
    expect((await hikae.ok(['find', '--tree', tree])).stdout).toContain(ids[0].slice(0, 8))
    expect((await hikae.ok(['find', '--pack', packId!])).stdout).not.toBe('')
  })
})

describe.concurrent('cat and list', () => {
  test('show every object as it is stored', async ({ shared: { hikae, ids }, expect }) => {
    const config = await hikae.document(['cat', 'config'])
    expect(config).toMatchObject({ version: 2, id: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(await hikae.document(['cat', 'snapshot', ids[0].slice(0, 10)])).toMatchObject({ hostname: 'one' })
    const [{ tree }] = (await hikae.snapshots([ids[0]])) as [{ tree: string }]
    const asTree = await hikae.ok(['cat', 'tree', ids[0]])
    const asBlob = await hikae.ok(['cat', 'blob', tree])
    expect(asBlob.stdout).toBe(asTree.stdout)
    for (const kind of ['key', 'index', 'pack'] as const) {
      const [id] = (await hikae.ok(['list', { key: 'keys', index: 'index', pack: 'packs' }[kind]])).stdout.split('\n')
      expect((await hikae.ok(['cat', kind, id!])).stdoutBytes.length).toBeGreaterThan(50)
    }
    expect(await hikae.document(['cat', 'masterkey'])).toHaveProperty('mac.k')
  })
})

describe.skipIf(noRestic).concurrent('as JSON', () => {
  test('says what restic says, in its words', async ({ shared: { hikae, ids }, expect }) => {
    const restic = resticOn(hikae)
    const theirs = async (...args: string[]): Promise<Message[]> =>
      jsonLines((await restic.ok([...args, '--json'])).stdout)
    const ours = async (...args: string[]): Promise<Message[]> =>
      jsonLines((await hikae.ok([...args, '--json'])).stdout)
    for (const command of [
      ['snapshots'],
      ['stats'],
      ['stats', '--mode', 'files-by-contents'],
      ['stats', '--mode', 'raw-data'],
      ['stats', '--mode', 'blobs-per-file', 'latest'],
      ['diff', ...ids],
      ['ls', ids[0]],
    ]) {
      const [wanted, got] = [await theirs(...command), await ours(...command)]
      expect(got, command.join(' ')).toEqual(wanted)
    }
    const keysOf = (messages: Message[]): string[] =>
      [...new Set(messages.flat().flatMap((message) => Object.keys(message)))].toSorted()
    for (const command of [
      ['key', 'list'],
      ['find', 'config.json'],
    ]) {
      expect(keysOf(await ours(...command)), command.join(' ')).toEqual(keysOf(await theirs(...command)))
    }
  })
})

describe.concurrent('every command that has results', () => {
  test('prints nothing but JSON lines with --json, and nothing on stderr', async ({
    dir,
    shared: { hikae, ids },
    expect,
  }) => {
    const commands = [
      ['version'],
      ['snapshots'],
      ['snapshots', '--group-by', 'host'],
      ['ls', 'latest'],
      ['find', 'noise'],
      ['diff', ...ids],
      ['stats'],
      ['list', 'blobs'],
      ['cat', 'snapshot', 'latest'],
      ['key', 'list'],
      ['unlock'],
      ['restore', 'latest', '--target', dir.join('out'), '-vv'],
      ['backup', '--dry-run', '-vv', 'tree'],
    ]
    for (const command of commands) {
      const { stdout, stderr } = await hikae.ok(['--json', ...command])
      expect(jsonLines(stdout).length, command.join(' ')).toBeGreaterThan(0)
      expect(stderr, command.join(' ')).toBe('')
    }
  })
})

describe('keys', () => {
  test('are added, listed, changed and removed; each password opens', async ({ dir, hikae, expect }) => {
    await writeFile(dir.join('second'), 'second password\n')
    await writeFile(dir.join('third'), 'third password\n')
    await hikae.ok(['key', 'add', '--new-password-file', dir.join('second'), '--user', 'deputy', '--host', 'spare'])
    const second = hikae.with({ password: 'second password' })
    expect(await second.document<Message[]>(['key', 'list'])).toMatchObject([
      { current: false },
      { current: true, userName: 'deputy', hostName: 'spare' },
    ])
    await second.ok(['key', 'passwd', '--new-password-file', dir.join('third')])
    expect((await second.run(['snapshots'])).exitCode).toBe(12)
    const third = hikae.with({ password: 'third password' })
    const [first] = (await third.document<{ id: string; current: boolean }[]>(['key', 'list'])).filter(
      ({ current }) => !current,
    )
    await third.ok(['key', 'remove', first!.id.slice(0, 8)])
    expect((await hikae.run(['snapshots'])).exitCode).toBe(12)
    expect((await third.run(['key', 'remove', (await filesOf(hikae, 'keys'))[0]!])).exitCode).toBe(2)
    await third.check()
    if (!noRestic) expect(await resticOn(third).snapshots()).toEqual([])
  })
})

describe('locks', () => {
  test('of a program that was killed are removed by unlock, those of others are not', async ({
    dir,
    hikae,
    expect,
  }) => {
    await using running = await hikae.start(['backup', '--stdin-from-command', '--', 'sleep', '1000'])
    while ((await filesOf(hikae, 'locks')).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await hikae.ok(['unlock'])).stdout).toContain('no lock had to be removed')
    expect((await hikae.run(['prune'])).exitCode).toBe(11)
    running.kill('SIGKILL')
    await running.finished
    expect(await filesOf(hikae, 'locks')).toHaveLength(1)
    expect(await hikae.document(['unlock'])).toMatchObject({ removed: 1 })
    await hikae.check()
    expect(dir.path).not.toBe('')
  })
})

function hostOf(ids: readonly [string, string], snapshot: string): string {
  return snapshot === ids[0] ? 'one' : 'two'
}
