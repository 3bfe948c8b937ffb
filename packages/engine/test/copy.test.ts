import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import {
  copySnapshots,
  initRepository,
  lockAndLoad,
  openLocalBackend,
  type CopyReport,
  type InitOptions,
} from '@hikae/engine'
import {
  compareTrees,
  isRoot,
  makeCheapRepository,
  makeHostileTree,
  missingPrograms,
  randomBytesOf,
  skipBecause,
  type Restic,
  type ResticBinary,
} from '@hikae/testkit'
import { noRestic, openAt, resticAt, restics, test } from './support/beside-restic.ts'
import { INIT, PASSWORD } from './support/ground.ts'

const noTools = skipBecause(await missingPrograms('bash', 'getfattr', 'setfattr', 'setfacl'))
const newest = restics[0]!

/** The password costs nothing to prove. */
async function init(folder: string, options: Partial<InitOptions> = {}): Promise<void> {
  await using backend = await openLocalBackend(folder)
  await initRepository(backend, { ...INIT, ...options })
}

function resticOn(repository: string, binary: ResticBinary, source?: string): Restic {
  const env = source === undefined ? {} : { RESTIC_FROM_REPOSITORY: source, RESTIC_FROM_PASSWORD: PASSWORD }
  return resticAt(repository, { binary, env })
}

async function copyAll(from: string, to: string): Promise<CopyReport> {
  await using source = await openAt(from)
  await using _sourceLock = await lockAndLoad(source, 'shared')
  await using target = await openAt(to)
  await using _targetLock = await lockAndLoad(target, 'shared')
  return await copySnapshots(source, target, await source.snapshots())
}

function kindsOf({ snapshots }: CopyReport): string[] {
  return snapshots.map(({ kind }) => kind)
}

/** Two states of a small directory, the second with more in it and something changed. */
async function makeStates(folder: string): Promise<{ change(): Promise<void> }> {
  await mkdir(join(folder, 'sub/deep'), { recursive: true })
  await writeFile(join(folder, 'noise'), randomBytesOf('noise', 3_000_000))
  await writeFile(join(folder, 'text'), 'all work and no play\n'.repeat(50_000))
  await writeFile(join(folder, 'sub/deep/with\nnewline and "quotes" <&>'), 'odd')
  await writeFile(Buffer.concat([Buffer.from(join(folder, 'sub/not utf-8 ')), Buffer.from([0xff, 0xfe])]), 'bytes')
  await symlink('deep', join(folder, 'sub/link'))
  return {
    async change() {
      await writeFile(join(folder, 'noise'), Buffer.concat([randomBytesOf('noise', 3_000_000), Buffer.from('more')]))
      await writeFile(join(folder, 'sub/new'), 'new')
    },
  }
}

/** A repository of restic's with a snapshot of each state; the directory is left in the second. */
async function makeSource(binary: ResticBinary, repository: string, tree: string): Promise<Restic> {
  const restic = resticOn(repository, binary)
  const states = await makeStates(tree)
  await restic.backup(['.'], ['--host', 'one', '--tag', 'a,b', '--exclude', '*.o'], { cwd: tree })
  await states.change()
  await restic.backup(['.'], ['--host', 'two'], { cwd: tree })
  return restic
}

async function filesOf(repository: string): Promise<string[]> {
  const found: string[] = []
  for (const folder of ['snapshots', 'index', 'data']) {
    const names = await readdir(join(repository, folder), { recursive: true })
    found.push(...names.map((name) => join(folder, name)))
  }
  return found.sort()
}

// Each waits most of the time: for restic's locks.
describe.skipIf(noRestic).concurrent('copies and stock restic', () => {
  test.for(restics)('restic $version has nothing to add to what we copied', async (binary, { dir, expect }) => {
    const [from, to, tree] = [dir.join('from'), dir.join('to'), dir.join('tree')]
    await init(from)
    await init(to)
    const source = await makeSource(binary, from, tree)
    expect(kindsOf(await copyAll(from, to))).toEqual(['copied', 'copied'])
    const target = resticOn(to, binary, from)
    await target.check()
    const facts = async (restic: Restic) =>
      (await restic.snapshots()).map(({ time, tree: root, hostname, tags, paths }) => ({
        time,
        root,
        hostname,
        tags,
        paths,
      }))
    expect(await facts(target)).toEqual(await facts(source))
    expect((await target.snapshots()).map(({ original }) => original)).toEqual(
      (await source.snapshots()).map(({ id }) => id),
    )
    await target.restore('latest', dir.join('restored'))
    expect(await compareTrees(tree, dir.join('restored'), { root: false })).toEqual([])

    const before = await filesOf(to)
    await target.ok(['copy'])
    expect(await filesOf(to)).toEqual(before)
  })

  test.for(restics)('we have nothing to add to what restic $version copied', async (binary, { dir, expect }) => {
    const [from, to] = [dir.join('from'), dir.join('to')]
    await init(from)
    await init(to)
    await makeSource(binary, from, dir.join('tree'))
    await resticOn(to, binary, from).ok(['copy'])
    const before = await filesOf(to)
    const report = await copyAll(from, to)
    expect(report).toMatchObject({ blobs: 0, bytesStored: 0 })
    expect(kindsOf(report)).toEqual(['present', 'present'])
    expect(await filesOf(to)).toEqual(before)
  })

  test.for(restics)('restic $version copies what we copied further, and back', async (binary, { dir, expect }) => {
    const [from, to, further] = [dir.join('from'), dir.join('to'), dir.join('further')]
    for (const folder of [from, to, further]) await init(folder)
    await makeSource(binary, from, dir.join('tree'))
    await copyAll(from, to)
    const last = resticOn(further, binary, to)
    await last.ok(['copy'])
    await last.check()
    // They are the ones we began with, so there is nothing to bring back.
    expect(kindsOf(await copyAll(further, from))).toEqual(['present', 'present'])
    const source = resticOn(from, binary, further)
    await source.ok(['copy'])
    expect(await source.snapshots()).toHaveLength(2)
  })

  test.for([
    [1, 2],
    [2, 1],
    [1, 1],
  ] as const)('between versions %i and %i', async ([fromVersion, toVersion], { dir, expect }) => {
    const [from, to, tree] = [dir.join('from'), dir.join('to'), dir.join('tree')]
    await init(from, { version: fromVersion })
    await init(to, { version: toVersion })
    const source = await makeSource(newest, from, tree)
    const report = await copyAll(from, to)
    expect(kindsOf(report)).toEqual(['copied', 'copied'])
    // A third of it is text.
    const ratio = report.bytesStored / report.bytesRead
    if (fromVersion === toVersion) expect(ratio).toBeCloseTo(1, 2)
    else if (toVersion === 2) expect(ratio).toBeLessThan(0.9)
    else expect(ratio).toBeGreaterThan(1.1)
    const target = resticOn(to, newest)
    await target.check()
    expect((await target.snapshots()).map((snapshot) => snapshot.tree)).toEqual(
      (await source.snapshots()).map((snapshot) => snapshot.tree),
    )
    await target.restore('latest', dir.join('restored'))
    expect(await compareTrees(tree, dir.join('restored'), { root: false })).toEqual([])
    await target.backup(['.'], ['--host', 'two'], { cwd: tree })
    await target.check()
  })

  test('between repositories that cut content differently', async ({ dir, expect }) => {
    const [from, to, tree] = [dir.join('from'), dir.join('to'), dir.join('tree')]
    await init(from)
    await makeCheapRepository(to, PASSWORD)
    await makeSource(newest, from, tree)
    const target = resticOn(to, newest)
    await target.backup(['.'], ['--host', 'own'], { cwd: tree })
    expect(kindsOf(await copyAll(from, to))).toEqual(['copied', 'copied'])
    await target.check()
    await target.restore('latest', dir.join('restored'))
    expect(await compareTrees(tree, dir.join('restored'), { root: false })).toEqual([])
  })

  test('a damaged pack of the source keeps back its snapshot only', async ({ dir, expect }) => {
    const [from, to, tree] = [dir.join('from'), dir.join('to'), dir.join('tree')]
    await init(from)
    await init(to)
    const source = await makeSource(newest, from, tree)
    const [, second] = await source.snapshots()
    await spoilPackOf(source, second!.id, 'new')
    const report = await copyAll(from, to)
    expect(report.snapshots).toMatchObject([{ kind: 'copied' }, { kind: 'damaged', path: '/sub/new' }])
    const target = resticOn(to, newest)
    await target.check()
    expect((await target.snapshots()).map(({ hostname }) => hostname)).toEqual(['one'])
  })
})

test.skipIf(noRestic || noTools || !isRoot())('the hostile tree arrives whole', async ({ dir, expect }) => {
  const [from, to, tree] = [dir.join('from'), dir.join('to'), dir.join('tree')]
  await init(from)
  await init(to)
  await mkdir(tree)
  await makeHostileTree(tree, { size: 'small' })
  const source = resticOn(from, newest)
  await source.backup(['.'], [], { cwd: tree })
  await copyAll(from, to)
  const target = resticOn(to, newest)
  await target.check()
  await source.restore('latest', dir.join('expected'))
  await target.restore('latest', dir.join('restored'))
  expect(await compareTrees(dir.join('expected'), dir.join('restored'), { root: false })).toEqual([])
})

/** Flips a bit in the pack that has the content of a file below `sub`. */
async function spoilPackOf(restic: Restic, snapshot: string, name: string): Promise<void> {
  const listed = JSON.parse((await restic.cat('tree', `${snapshot}:/sub`)).toString()) as {
    nodes: { name: string; content: string[] }[]
  }
  const [blob] = listed.nodes.find((node) => node.name === name)!.content
  await using repository = await openAt(restic.repository)
  const index = await repository.loadIndex()
  const { pack, offset } = [...index.blobs()].find(({ id }) => id === blob)!
  const file = join(restic.repository, 'data', pack.slice(0, 2), pack)
  const content = await readFile(file)
  content[offset + 17]! ^= 4
  await chmod(file, 0o600)
  await writeFile(file, content)
}
