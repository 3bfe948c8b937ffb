import { chmod, cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock, openLocalBackend, openRepository, type SnapshotId } from '@hikae/engine'
import { findRestic, isRoot, makeTempDir, missingPrograms, skipBecause, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD } from './hikae.ts'

const newRestic = await findRestic('0.17.0')
const noNewRestic = skipBecause(newRestic ? undefined : 'no restic 0.17 or newer: run script/fetch-program restic')
const noSetpriv = skipBecause(isRoot() ? await missingPrograms('setpriv') : undefined)

interface Planted {
  readonly id: SnapshotId
  readonly time: string
  readonly hostname: string
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** Each test has a copy of one repository; `planted` are its snapshots. */
const test = base
  .extend('stock', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return { dir, planted: await plant(dir) }
  })
  .extend('planted', ({ stock }) => stock.planted)
  .extend('hikae', async ({ stock, dir }) => {
    await cp(stock.dir.path, dir.path, { recursive: true })
    return new Hikae({ repository: dir.join('repository'), cwd: dir.path })
  })
// oxlint-enable no-empty-pattern

/** Two snapshots of `db2`, a year apart, and daily ones of `db1`, the newest of yesterday; oldest first. */
async function plant(dir: TempDir): Promise<Planted[]> {
  await makeFiles(dir.join('srv'), { file: 'content' })
  const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
  await hikae.initCheaply()
  await hikae.backup(['srv'])
  await using repository = await openRepository(await openLocalBackend(hikae.repository), { password: PASSWORD })
  const [made] = await repository.snapshots()
  await repository.backend.remove('snapshot', made!.id)
  const ago = (days: number) => `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T03:00:00+02:00`
  const wanted = [
    { hostname: 'db2', time: ago(500), tags: ['first'] },
    { hostname: 'db2', time: ago(135) },
    ...[10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((days) => ({ hostname: 'db1', time: ago(days) })),
  ]
  const planted: Planted[] = []
  for (const snapshot of wanted) {
    const json = JSON.stringify({ ...snapshot, tree: made!.tree, paths: ['/srv'], username: 'root' })
    planted.push({ ...snapshot, id: await repository.writeUnpacked('snapshot', Buffer.from(json)) })
  }
  return planted
}

const idsIn = async (hikae: Hikae): Promise<string[]> => (await filesOf(hikae, 'snapshots')).toSorted()
const idsOf = (planted: readonly Planted[]): string[] => planted.map(({ id }) => id).toSorted()
const POLICY = ['--keep-last', '2', '--keep-weekly', '1', '--keep-within-yearly', '3y']

describe.concurrent('forget', () => {
  test('removes what the policy does not want, and says what stays and why', async ({ hikae, planted, expect }) => {
    const { stdout, stderr } = await hikae.ok(['forget', '--keep-daily', '3', '--keep-tag', 'first'])
    expect(stderr).toBe('')
    expect(stdout).toContain('policy: keep 3 daily, tags [first]\n')
    expect(stdout).toContain('snapshots of host db1 · paths /srv\nkeep 3 snapshots:\n')
    expect(stdout).toMatch(new RegExp(`^${planted.at(-1)!.id.slice(0, 8)}  .*daily snapshot$`, 'm'))
    expect(stdout).toMatch(
      new RegExp(`^${planted[0]!.id.slice(0, 8)}  .*first +has tags \\[first\\]\n +daily snapshot$`, 'm'),
    )
    expect(stdout).toContain('remove 7 snapshots:\n')
    expect(stdout).toMatch(/remove nothing\n\nremoved 7 snapshots; run `hikae prune`/)
    expect(await idsIn(hikae)).toEqual(idsOf([...planted.slice(0, 2), ...planted.slice(-3)]))
    await hikae.check()
  })

  test.skipIf(noRestic)(
    'leaves a repository that restic reads, checks and restores',
    async ({ hikae, planted, dir, expect }) => {
      await hikae.ok(['forget', '--keep-last', '1', '-q'])
      const restic = resticOn(hikae)
      expect((await restic.snapshots()).map(({ id }) => id).toSorted()).toEqual(idsOf([planted[1]!, planted.at(-1)!]))
      await restic.check()
      await restic.restore(planted.at(-1)!.id, dir.join('restored'))
    },
  )

  test.skipIf(noNewRestic)('prints the same JSON as restic', async ({ hikae, expect }) => {
    const restic = resticOn(hikae)
    for (const args of [POLICY, [...POLICY, '-g', 'tags'], [...POLICY, '-g', ''], [...POLICY, '--host', 'db1', '-c']]) {
      const groups = await hikae.document(['forget', '-n', ...args])
      const { stdout } = await restic.ok(['forget', '-n', '--json', ...args])
      expect(byHost(groups)).toEqual(byHost(JSON.parse(stdout)))
    }
  })

  test('changes nothing and needs no lock when it only looks', async ({ hikae, planted, expect }) => {
    await using repository = await openRepository(await openLocalBackend(hikae.repository), { password: PASSWORD })
    await using _lock = await acquireLock(repository, 'exclusive')
    const before = await readdir(hikae.repository, { recursive: true })
    const dry = await hikae.ok(['forget', '-n', '--keep-last', '1'])
    expect(dry.stdout).toContain('would remove 10 snapshots; nothing was changed\n')
    await hikae.ok(['forget', '--simulate', '90d', '--keep-last', '1'])
    expect(await readdir(hikae.repository, { recursive: true })).toEqual(before)
    const real = await hikae.run(['forget', '--keep-last', '1'])
    expect(real).toMatchObject({ exitCode: 11, stdout: '' })
    expect(await idsIn(hikae)).toEqual(idsOf(planted))
  })

  test('shows what would remain as time goes on', async ({ hikae, planted, expect }) => {
    const args = ['forget', '--simulate', '90d', '--keep-last', '3', '--keep-tag', 'first']
    const { stdout } = await hikae.ok(args)
    expect(stdout).toContain('snapshots of host db1 · paths /srv\nwith a backup every 1d, there would be:\n')
    expect(stdout).toMatch(/^now .* 3 +3 /m)
    expect(stdout).toMatch(/^in 90 days .* 3 +0 /m)
    expect(stdout).toMatch(new RegExp(`^${planted[2]!.id.slice(0, 8)}  .*  now$`, 'm'))
    const [db1, db2] = await hikae.document<{ host: string; every: string; points: object[]; present: object[] }[]>([
      ...[...args, '--simulate-every', '7d'],
    ])
    expect(db1).toMatchObject({ host: 'db1', paths: ['/srv'], tags: null, every: '7d' })
    expect(db1!.points.at(-1)).toMatchObject({ day: 90, snapshots: 3, present: 0 })
    expect(db2!.present).toContainEqual(expect.objectContaining({ id: planted[0]!.id, removed: null }))
    expect(db2!.present).toContainEqual(expect.objectContaining({ id: planted[1]!.id, removed: expect.any(String) }))
  })

  test('never removes the newest snapshot of a group, whatever the policy says', async ({ hikae, planted, expect }) => {
    const groups = await hikae.document<{ reasons: { snapshot: { id: string }; matches: string[] }[] }[]>([
      ...['forget', '--host', 'db2', '--keep-tag', 'first'],
    ])
    expect(groups[0]!.reasons.map(({ snapshot, matches }) => [snapshot.id, matches])).toEqual([
      [planted[1]!.id, ['last good snapshot']],
      [planted[0]!.id, ['has tags [first]']],
    ])
    expect(await idsIn(hikae)).toEqual(idsOf(planted))
  })

  test('refuses a policy that wants nothing of some group, and then removes nothing of any', async ({
    hikae,
    planted,
    expect,
  }) => {
    const { exitCode, stderr, stdout } = await hikae.run(['forget', '--keep-tag', 'first'])
    expect(stderr).toMatch(
      /^hikae: the policy \(tags \[first\]\) keeps no snapshot of host db1, paths \/srv\nnext: nothing was removed;/,
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(await idsIn(hikae)).toEqual(idsOf(planted))
  })

  test('removes all of what is filtered only when it is told to in so many words', async ({
    hikae,
    planted,
    expect,
  }) => {
    const unfiltered = await hikae.run(['forget', '--unsafe-allow-remove-all'])
    expect(unfiltered.stderr).toContain('all snapshots of the repository would be removed\nnext: say which ones')
    expect(unfiltered.exitCode).toBe(2)
    expect(await idsIn(hikae)).toEqual(idsOf(planted))
    await hikae.ok(['forget', '--unsafe-allow-remove-all', '--host', 'db2'])
    expect(await idsIn(hikae)).toEqual(idsOf(planted.slice(2)))
  })

  test('removes snapshots by name, and none when one of the names is wrong', async ({ hikae, planted, expect }) => {
    const wrong = await hikae.run(['forget', planted[2]!.id, 'latest', 'ffffffffff'])
    expect(wrong.stderr).toContain('no snapshot has an id that begins with ffffffffff')
    expect(wrong.exitCode).toBe(1)
    expect(await idsIn(hikae)).toEqual(idsOf(planted))
    const dry = await hikae.ok(['forget', '-n', planted[2]!.id.slice(0, 12)])
    expect(dry.stdout).toContain('would remove 1 snapshot;')
    const groups = await hikae.document(['forget', planted[2]!.id.slice(0, 12), 'latest'])
    expect(groups).toMatchObject([{ keep: null, remove: [{ id: planted.at(-1)!.id }, { id: planted[2]!.id }] }])
    expect(await idsIn(hikae)).toEqual(idsOf(planted.filter((_, at) => at !== 2 && at !== 11)))
  })

  test('names a snapshot that cannot be read, never removes it, and is not complete', async ({
    hikae,
    planted,
    expect,
  }) => {
    const path = join(hikae.repository, 'snapshots', planted[2]!.id)
    const content = await readFile(path)
    content[40]! ^= 1
    await writeFile(path, content)
    const { exitCode, stderr, stdout } = await hikae.run(['forget', '--keep-last', '1'])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(new RegExp(`^error: snapshot ${planted[2]!.id.slice(0, 8)}: .* is damaged`))
    expect(stdout).toContain('removed 9 snapshots')
    expect(await idsIn(hikae)).toEqual(idsOf([planted[1]!, planted[2]!, planted[11]!]))
    expect((await hikae.run(['forget', planted[2]!.id])).exitCode).toBe(1)
  })

  test.skipIf(noSetpriv)(
    'names the snapshots that cannot be removed, and is not complete',
    async ({ hikae, planted, expect }) => {
      const folder = join(hikae.repository, 'snapshots')
      await chmod(folder, 0o500)
      const { exitCode, stderr, stdout } = await hikae
        .with({ obedient: true })
        .run(['forget', '--host', 'db2', '--keep-last', '1'])
      await chmod(folder, 0o700)
      expect(stderr).toMatch(new RegExp(`^error: snapshot ${planted[0]!.id.slice(0, 8)}: [^\n]+\n$`))
      expect(stdout).toMatch(/removed 0 snapshots\n$/)
      expect(exitCode).toBe(3)
      expect(await idsIn(hikae)).toEqual(idsOf(planted))
    },
  )

  test('prunes with --prune when something was removed, and only then', async ({ hikae, dir, expect }) => {
    await makeFiles(dir.join('srv'), { file: 'other content' })
    await hikae.backup(['srv'], ['--host', 'db3'])
    await makeFiles(dir.join('srv'), { file: 'third content' })
    await hikae.backup(['srv'], ['--host', 'db3'])
    const packs = await filesOf(hikae, 'data')
    const nothing = await hikae.ok(['forget', '--host', 'db3', '--keep-last', '2', '--prune'])
    expect(nothing.stdout).toMatch(/removed 0 snapshots\n$/)
    const dry = await hikae.ok(['forget', '--host', 'db3', '--keep-last', '1', '--prune', '-n'])
    expect(dry.stdout).toMatch(
      /would remove 1 snapshot; nothing was changed\n[^]*to delete: +2 packs without needed data/,
    )
    expect(await filesOf(hikae, 'data')).toEqual(packs)
    const real = await hikae.ok(['forget', '--host', 'db3', '--keep-last', '1', '--prune'])
    expect(real.stdout).toMatch(/removed 1 snapshot\n[^]*deleted 2 packs; this frees/)
    expect(await filesOf(hikae, 'data')).toHaveLength(packs.length - 2)
    await hikae.check()
  })

  test('warns of snapshots that are dated in the future, and keeps the newest of the others', async ({
    hikae,
    planted,
    expect,
  }) => {
    await hikae.backup(['srv'], ['--host', 'db1', '--time', '2099-01-01 00:00:00'])
    const [future] = (await hikae.snapshots()).slice(-1)
    await hikae.ok(['forget', planted[0]!.id, planted[1]!.id, ...planted.slice(2, 10).map(({ id }) => id)])
    const { stderr, stdout } = await hikae.ok(['forget', '--keep-last', '1', '-g', 'host'])
    expect(stderr).toBe('warning: dated in the future: 1 snapshot of host db1; a clock is or was wrong\n')
    expect(stdout).toMatch(/last good snapshot/)
    expect(await idsIn(hikae)).toEqual([planted[11]!.id, String(future!['id'])].toSorted())
  })
})

describe.concurrent('bad input of forget and tag', () => {
  test.for<[string, readonly string[], RegExp]>([
    ['no policy', ['forget'], /the policy is empty/],
    ['a policy for nothing', ['forget', '--keep-last', '0', '--keep-within', '0d'], /the policy is empty/],
    ['a negative number', ['forget', '--keep-last', '-2'], /'-2' is not a number of snapshots/],
    ['a number that is none', ['forget', '--keep-daily', 'x'], /--keep-daily: 'x' is not a number/],
    ['a time without unit', ['forget', '--keep-within', '5'], /--keep-within: '5' is not a time/],
    ['a unit twice', ['forget', '--keep-within-daily', '1d2d'], /'1d2d' is not a time/],
    ['a negative time', ['forget', '--keep-within=-2d'], /'-2d' is not a time/],
    ['weeks', ['forget', '--simulate', '3w', '--keep-last', '1'], /'3w' is not a time/],
    ['no tag', ['forget', '--keep-tag', ','], /a list of tags to keep is empty/],
    ['a wrong group', ['forget', '--keep-last', '1', '-g', 'user'], /'user' is not one of/],
    ['a part of a snapshot', ['forget', 'latest:/srv'], /'latest:\/srv' is a part of a snapshot/],
    ['names and a policy', ['forget', 'latest', '--keep-last', '1'], /snapshots are named/],
    ['an interval without simulation', ['forget', '--keep-last', '1', '--simulate-every', '1d'], /without --simulate/],
    ['a simulation that removes', ['forget', '--keep-last', '1', '--simulate', '1d', '-n'], /removes nothing/],
    ['a simulation of nothing', ['forget', '--keep-last', '1', '--simulate', '0d'], /an hour at least/],
    ['a simulation that prunes', ['forget', '--keep-last', '1', '--simulate', '1d', '--prune'], /removes nothing/],
    ['prune options without prune', ['forget', '--keep-last', '1', '--max-unused', '0'], /not --prune/],
    ['no tags to change', ['tag'], /no tag is named/],
    ['an empty tag to add', ['tag', '--add', ''], /no tag is named/],
    ['set and add', ['tag', '--set', 'a', '--add', 'b'], /--set replaces all tags/],
  ])('%s is refused with a next step', async ([, args, message], { hikae, expect }) => {
    const { exitCode, stderr, stdout } = await hikae.run(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^hikae: [^\n]+\nnext: [^\n]+\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })
})

describe.concurrent('tag', () => {
  test('adds, removes and replaces tags, and keeps the first id as original', async ({ hikae, planted, expect }) => {
    const first = planted[0]!.id
    const added = await hikae.ok(['tag', '--add', 'a,b', '--add', 'c', '--remove', 'first', '--host', 'db2'])
    expect(added.stdout).toMatch(new RegExp(`^snapshot ${first.slice(0, 8)} is now [0-9a-f]{8}\n`))
    expect(added.stdout).toMatch(/\nchanged 2 snapshots\n$/)
    const tagged = (await hikae.snapshots(['--host', 'db2']))[0]!
    expect(tagged).toMatchObject({ tags: ['a', 'b', 'c'], original: first, time: planted[0]!.time })
    const messages = await hikae.messages(['tag', '--set', 'x', String(tagged['id'])])
    const [again] = await hikae.snapshots(['--tag', 'x'])
    expect(messages).toEqual([
      { message_type: 'changed', old_snapshot_id: tagged['id'], new_snapshot_id: again!['id'] },
      { message_type: 'summary', changed_snapshots: 1 },
    ])
    expect(again).toMatchObject({ tags: ['x'], original: first })
    await hikae.ok(['tag', '--set', '', String(again!['id'])])
    expect(await hikae.snapshots(['--tag', 'x'])).toEqual([])
    expect(await idsIn(hikae)).toHaveLength(planted.length)
    const unchanged = await hikae.ok(['tag', '--add', 'a', '--tag', 'a'])
    expect(unchanged.stdout).toBe('changed 0 snapshots, 1 had nothing to change\n')
  })

  test.skipIf(noRestic)('leaves snapshots that restic lists, tags and checks', async ({ hikae, planted, expect }) => {
    await hikae.ok(['tag', '--add', 'ours', planted[11]!.id])
    const restic = resticOn(hikae)
    const [ours] = await restic.snapshots(['--tag', 'ours'])
    expect(ours).toMatchObject({ original: planted[11]!.id, tags: ['ours'], hostname: 'db1' })
    await restic.ok(['tag', '--add', 'theirs', ours!.id])
    const [both] = await hikae.snapshots(['--tag', 'ours,theirs'])
    expect(both).toMatchObject({ original: planted[11]!.id })
    await restic.check()
  })

  test('waits for no one, and says who holds the repository', async ({ hikae, expect }) => {
    await using repository = await openRepository(await openLocalBackend(hikae.repository), { password: PASSWORD })
    await using _lock = await acquireLock(repository, 'shared')
    const { exitCode, stderr } = await hikae.run(['--json', 'tag', '--add', 'a'])
    expect(exitCode).toBe(11)
    expect(jsonLines(stderr)).toMatchObject([{ code: 11 }])
  })
})

/** Groups in an order of their own: both programs have one, and it is not the same. */
function byHost(groups: unknown): unknown[] {
  return (groups as object[]).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
