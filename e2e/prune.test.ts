import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesOf, compareTrees, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, testWithCopyOf } from './fixtures.ts'
import { Hikae, jsonLines, type Message } from './hikae.ts'

/** A repository with two snapshots that share half of their files, and the tree of the newer one. */
const test = testWithCopyOf(fill)
  .extend('hikae', ({ dir }) => hikaeIn(dir))
  .extend('filled', ({ dir, hikae }) => ({ hikae, tree: dir.join('newer') }))

function hikaeIn(dir: TempDir): Hikae {
  return new Hikae({ repository: dir.join('repository'), cwd: dir.path })
}

async function fill(dir: TempDir): Promise<void> {
  const hikae = hikaeIn(dir)
  await hikae.initCheaply()
  const files = (from: number): Record<string, Uint8Array> =>
    Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`file ${at + from}`, bytesOf(at + from, 400_000)]))
  await makeFiles(dir.join('older'), files(0))
  await hikae.backup(['older'])
  await makeFiles(dir.join('newer'), files(5))
  await hikae.backup(['newer'])
}

async function forgetOldest(hikae: Hikae): Promise<void> {
  await hikae.ok(['forget', '--keep-last', '1', '--group-by', ''])
}

async function stateOf(hikae: Hikae): Promise<string[]> {
  const kinds = ['data', 'index', 'snapshots', 'locks'] as const
  return (await Promise.all(kinds.map((kind) => filesOf(hikae, kind)))).flat().sort()
}

describe.concurrent('hikae prune', () => {
  test('frees what no snapshot needs, and says so', async ({ filled: { hikae, tree }, dir, expect }) => {
    await forgetOldest(hikae)
    const { stdout } = await hikae.ok(['prune', '--max-unused', '0'])
    expect(stdout).toContain('(1 partly unneeded)')
    expect(stdout).toMatch(/deleted \d+ packs; this frees 1\.9\d\d MiB/)
    await hikae.check()
    await hikae.restore('latest:/newer', dir.join('restored'))
    expect(await compareTrees(tree, dir.join('restored'), { root: false })).toEqual([])
    expect((await hikae.ok(['prune'])).stdout).toContain('no pack had to be deleted')
    expect(await filesOf(hikae, 'locks')).toEqual([])
  })

  test('shows with --dry-run what it would do, and does not even need a lock for it', async ({
    filled: { hikae },
    expect,
  }) => {
    await forgetOldest(hikae)
    const before = await stateOf(hikae)
    const { stdout } = await hikae.ok(['prune', '-n', '-v', '--max-unused', '0'])
    expect(stdout).toMatch(/rewrite [0-9a-f]{8}, .* MiB: partly unneeded/)
    expect(stdout).toMatch(/not needed: 1\.9\d\d MiB, 33\.\d% of what is indexed/)
    expect(stdout).toMatch(/afterwards: 3\.8\d\d MiB, 0\.0% of it not needed\nnothing was changed\n$/)
    expect(await stateOf(hikae)).toEqual(before)
  })

  test('prints the plan and the outcome as JSON', async ({ filled: { hikae }, expect }) => {
    await forgetOldest(hikae)
    const isResult = ({ message_type }: Message): boolean => message_type !== 'status'
    const [plan] = (await hikae.messages(['prune', '--dry-run', '--max-unused', '0'])).filter(isResult)
    expect(plan).toMatchObject({
      message_type: 'plan',
      dry_run: true,
      unindexed: [],
      missing: [],
      unused_share_after: 0,
    })
    const [, summary] = (await hikae.messages(['prune', '--max-unused', '0'])).filter(isResult)
    const [repack, unused] = [plan!['repack'], plan!['unused']] as readonly (readonly Message[])[]
    expect(summary).toMatchObject({
      message_type: 'summary',
      outcome: 'succeeded',
      removed_packs: repack!.length + unused!.length,
      repacked_packs: repack!.length,
      failed_packs: [],
      left_for_lack_of_space: [],
    })
  })

  test.for([
    [['--max-unused', '100%'], "'100%' is not an amount that may stay unused"],
    [['--max-unused', 'much'], "'much' is not an amount that may stay unused"],
    [['--max-repack-size', 'x'], "'x' is not a size"],
    [['--repack-smaller-than', '20M'], 'packs cannot be made larger than 16777216 bytes'],
    [['something'], 'something'],
  ] as const)('refuses %j before anything is done', async ([args, message], { filled: { hikae }, expect }) => {
    const before = await stateOf(hikae)
    const { exitCode, stderr } = await hikae.run(['prune', ...args])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toContain('next:')
    expect(await stateOf(hikae)).toEqual(before)
  })

  test('changes nothing when a pack is missing, and says what to do', async ({ filled: { hikae }, expect }) => {
    const packs = await filesOf(hikae, 'data')
    const before = await stateOf(hikae)
    for (const pack of packs) await rm(join(hikae.repository, 'data', pack.slice(0, 2), pack))
    const { exitCode, stderr } = await hikae.run(['prune'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('nothing was changed')
    expect(stderr).toContain('hikae check')
    expect(await stateOf(hikae)).toEqual(before.filter((name) => !packs.includes(name)))
  })

  test('waits for nobody: a repository in use is left alone, with 11', async ({ filled: { hikae }, expect }) => {
    await using backup = await hikae.start(['backup', '--stdin-from-command', '--', 'sleep', '30'])
    while ((await filesOf(hikae, 'locks')).length === 0) await readdir(hikae.repository)
    const { exitCode, stderr } = await hikae.run(['prune'])
    expect(exitCode).toBe(11)
    expect(stderr).toContain('is locked')
    // Looking is allowed.
    await hikae.ok(['prune', '--dry-run'])
    backup.kill('SIGTERM')
    await backup.finished
  })

  test.skipIf(noRestic)(
    'leaves what stock restic finds whole and has nothing to prune of',
    async ({ filled: { hikae }, expect }) => {
      await forgetOldest(hikae)
      await hikae.ok(['prune', '--max-unused', '0'])
      const restic = resticOn(hikae)
      await restic.check()
      const { stdout } = await restic.ok(['prune', '--dry-run', '--max-unused', '0'])
      expect(stdout).toMatch(/to repack: +0 blobs/)
      expect(stdout).toMatch(/total prune: +0 blobs/)
    },
  )
})

describe.concurrent('hikae forget --prune', () => {
  test('frees the space of what it removed', async ({ filled: { hikae }, expect }) => {
    const policy = ['forget', '--keep-last', '1', '--group-by', '', '--prune', '--max-unused', '0']
    const before = await stateOf(hikae)
    const preview = await hikae.ok([...policy, '--dry-run'])
    expect(preview.stdout).toContain('would remove 1 snapshot')
    expect(preview.stdout).toMatch(/afterwards: 3\.8\d\d MiB, 0\.0% of it not needed/)
    expect(await stateOf(hikae)).toEqual(before)
    const { stdout } = await hikae.ok(policy)
    expect(stdout).toContain('removed 1 snapshot\n')
    expect(stdout).toMatch(/this frees 1\.9\d\d MiB/)
    await hikae.check()
  })

  test('does not prune when nothing was removed', async ({ filled: { hikae }, expect }) => {
    const before = await stateOf(hikae)
    const { stdout } = await hikae.ok(['forget', '--keep-last', '9', '--prune'])
    expect(stdout).not.toContain('afterwards')
    expect(await stateOf(hikae)).toEqual(before)
  })

  test('says in JSON what was removed, and what the prune did', async ({ filled: { hikae }, expect }) => {
    const { stdout } = await hikae.ok(['forget', '--json', '--keep-last', '1', '--group-by', '', '--prune'])
    const [forgotten, ...rest] = jsonLines(stdout)
    expect(forgotten).toMatchObject([{ remove: [{ paths: [expect.stringContaining('older')] }] }])
    const types = rest.map(({ message_type }) => message_type).filter((type) => type !== 'status')
    expect(types).toEqual(['plan', 'summary'])
  })

  test('options of prune without --prune are a mistake', async ({ hikae, expect }) => {
    const { exitCode, stderr } = await hikae.run(['forget', '--keep-last', '1', '--max-unused', '0'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('add --prune')
  })
})
