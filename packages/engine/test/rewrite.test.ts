import { cp, mkdir } from 'node:fs/promises'
import { describe } from 'vitest'
import { check, lockAndLoad, rewrite, type RewriteOptions, type RewriteReport } from '@hikae/engine'
import {
  compareTrees,
  findRestic,
  isRoot,
  makeHostileTree,
  makeTempDir,
  missingPrograms,
  skipBecause,
  type Restic,
  type ResticSnapshot,
} from '@hikae/testkit'
import { openAt, resticAt as resticIn, test as base } from './support/beside-restic.ts'

const binary = await findRestic('0.17.0')
const noRestic = skipBecause(binary === undefined ? 'no restic 0.17: run script/fetch-program restic' : undefined)
const noTools = skipBecause(isRoot() ? await missingPrograms('bash', 'setfattr', 'setfacl') : 'hostile trees need root')

interface Both {
  /** Where the engine works. */
  readonly ours: Restic
  /** The same repository, where restic does. */
  readonly theirs: Restic
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('original', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await mkdir(dir.join('tree'))
    await makeHostileTree(dir.join('tree'), { size: 'small' })
    const restic = resticAt(dir.join('repository'))
    await restic.initCheaply()
    await restic.backup(['.'], ['--host', 'here', '--tag', 'nightly'], { cwd: dir.join('tree') })
    await restic.backup(['names'], ['--host', 'here'], { cwd: dir.join('tree') })
    return { dir, restic }
  })
  .extend('both', async ({ original, dir }): Promise<Both> => {
    for (const name of ['ours', 'theirs']) await cp(original.restic.repository, dir.join(name), { recursive: true })
    return { ours: resticAt(dir.join('ours')), theirs: resticAt(dir.join('theirs')) }
  })
// oxlint-enable no-empty-pattern

function resticAt(repository: string): Restic {
  return resticIn(repository, { binary: binary! })
}

async function rewriteOurs({ repository: folder }: Restic, options: Partial<RewriteOptions>): Promise<RewriteReport> {
  await using repository = await openAt(folder)
  await using _lock = await lockAndLoad(repository, 'exclusive')
  const report = await rewrite(repository, await repository.snapshots(), { originals: 'remove', ...options })
  await repository.loadIndex()
  return report
}

/** What two tools must agree on, in no order that means anything. */
async function factsOf(restic: Restic): Promise<string[]> {
  const facts: (ResticSnapshot & { summary?: Record<string, unknown> })[] = await restic.snapshots()
  const described = facts.map(({ time, tree, hostname, tags, original, paths, summary }) => ({
    ...{ time, tree, hostname, tags, original, paths },
    ...{ files: summary?.['total_files_processed'], bytes: summary?.['total_bytes_processed'] },
  }))
  return described.map((fact) => JSON.stringify(fact)).sort()
}

// Each waits most of the time: for restic's locks.
describe.skipIf(noRestic || noTools).concurrent('next to restic', () => {
  test.for([
    { args: ['--exclude', 'names as links'] },
    { args: ['--exclude', '/names/*e*'] },
    { args: ['--exclude', '/links/**', '--exclude', '!/links/file'] },
    { args: ['--iexclude', 'ATTRIBUTES', '--exclude', 'specials/fifo'] },
    { args: ['--exclude', '/*/*[0-9]*'] },
  ])('the engine makes the same trees of $args, and keeps the same facts', async ({ args }, { both, expect }) => {
    const valuesOf = (name: string): string[] => args.filter((_, at) => args[at - 1] === name)
    const exclude = { patterns: valuesOf('--exclude'), ignoringCase: valuesOf('--iexclude') }
    for (const originals of ['keep', 'remove'] as const) {
      await both.theirs.ok(['rewrite', ...args, ...(originals === 'remove' ? ['--forget'] : [])])
      const report = await rewriteOurs(both.ours, { exclude, originals })
      expect(report.snapshots.map(({ outcome }) => outcome)).toContain('rewritten')
      if (originals === 'keep') expect(await factsOf(both.ours)).toEqual(await factsOf(both.theirs))
    }
    const trees = async (restic: Restic) => new Set((await restic.snapshots()).map(({ tree }) => tree))
    expect(await trees(both.ours)).toEqual(await trees(both.theirs))
    await both.ours.check()
    expect((await both.ours.ok(['rewrite', ...args])).stdout).toContain('no snapshots were modified')
    const after = await rewriteOurs(both.theirs, { exclude })
    expect(after.snapshots.every(({ outcome }) => outcome === 'unchanged')).toBe(true)
  })

  test('hosts and times are replaced as restic does', async ({ both, expect }) => {
    await both.theirs.ok(['rewrite', '--new-host', 'db1', '--new-time', '2024-02-29 12:34:56'])
    const newTime = BigInt(new Date(2024, 1, 29, 12, 34, 56).getTime()) * 1_000_000n
    await rewriteOurs(both.ours, { newHost: 'db1', newTime, originals: 'keep' })
    expect(await factsOf(both.ours)).toEqual(await factsOf(both.theirs))
    await both.ours.check()
  })

  test('what is not left out restores byte for byte', async ({ original, both, dir, expect }) => {
    await rewriteOurs(both.ours, { exclude: { patterns: ['/names'] } })
    const [whole] = (await both.ours.snapshots(['--tag', 'nightly'])) as [ResticSnapshot]
    await both.ours.restore(whole.id, dir.join('restored'))
    await original.restic.restore(whole.original!, dir.join('before'), ['--no-lock'])
    const without = (path: string): boolean => path === 'names' || path.startsWith('names/')
    const actual = await compareTrees(dir.join('before'), dir.join('restored'), { without, root: false })
    expect(actual).toEqual([])
    await using repository = await openAt(both.ours.repository)
    expect((await check(repository, { readData: 'all' })).errors).toEqual([])
  })
})
