import { chmod, mkdir, open, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  compareTrees,
  findRestic,
  HOSTILE_NAMES,
  isRoot,
  makeHostileTree,
  makeTempDir,
  missingPrograms,
  readTreeFacts,
  Restic,
  runOk,
  skipBecause,
} from '@hikae/testkit'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('tree', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await makeHostileTree(dir.path, { size: 'small' })
    return dir.path
  })
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
// oxlint-enable no-empty-pattern

const noTools = skipBecause(await missingPrograms('bash', 'getfattr', 'setfattr', 'setfacl', 'cp'))

describe.skipIf(noTools)('the hostile tree', () => {
  test('holds every type of entry, and every name', async ({ tree, expect }) => {
    const facts = await readTreeFacts(tree)
    const types = new Set([...facts.values()].map((entry) => entry.type))
    const devices = isRoot() ? ['block device', 'character device'] : []
    expect(types).toEqual(new Set([...devices, 'directory', 'fifo', 'file', 'socket', 'symlink']))
    for (const name of HOSTILE_NAMES) expect(facts.has(`names/${name}`)).toBe(true)
    expect(facts.get('times/last nanosecond before')?.mtimeNs).toBe(-1n)
    expect(facts.get('links/file')?.sameFile).toHaveLength(3)
    expect(facts.get('attributes/file')?.attributes).toContain('user.empty=0x')
    expect(facts.get('attributes/listed')?.attributes.join()).toContain('system.posix_acl_access=0x')
    expect(facts.get('holes/only a hole')).toMatchObject({ size: 3_145_728n, allocated: 0n })
  })

  test('is the same for the same seed, and another for another', async ({ tree, dir, expect }) => {
    for (const seed of [1, 2]) {
      await mkdir(dir.join(`${seed}`))
      await makeHostileTree(dir.join(`${seed}`), { size: 'small', seed })
    }
    expect(await compareTrees(tree, dir.join('1'), { ignore: ['mtimeNs', 'mode'] })).toEqual([])
    const others = await compareTrees(tree, dir.join('2'), { ignore: ['mtimeNs', 'mode'] })
    expect(new Set(others.map((difference) => difference.what))).toContain('content')
  })
})

describe.skipIf(noTools)('comparing trees', () => {
  test('a faithful copy has no differences, holes included', async ({ dir, expect }) => {
    await mkdir(dir.join('original'))
    await makeHostileTree(dir.join('original'))
    await runOk('cp', ['--archive', '--sparse=always', dir.join('original'), dir.join('copy')])
    const without = (path: string): boolean => path === 'specials/socket'
    const options = { without, allocationSlack: 0 }
    expect(await compareTrees(dir.join('original'), dir.join('copy'), options)).toEqual([])
  })

  test('every kind of difference is noticed, and nothing else', async ({ tree, dir, expect }) => {
    const copy = dir.join('copy')
    await runOk('cp', ['--archive', '--sparse=always', tree, copy])
    await overwrite(join(copy, 'contents/noise 4096'))
    await truncate(join(copy, 'contents/noise 4097'), 4096)
    await chmod(join(copy, 'modes/0755'), 0o754)
    await utimes(join(copy, 'times/epoch'), 0, 1)
    await unlink(join(copy, 'contents/noise 1'))
    await writeFile(join(copy, 'contents/\xff \n'), '')
    await run(copy, 'cp', '--archive', '--remove-destination', join(tree, 'links/empty'), 'links/empty')
    await run(copy, 'ln', '--symbolic', '--force', 'elsewhere', 'links/dangling')
    await run(copy, 'setfattr', '-n', 'user.text', '-v', 'other', 'attributes/folder')
    await run(copy, 'setfacl', '--no-mask', '--modify', 'u:1234:r', 'attributes/listed')
    await retype(join(copy, 'contents/noise 2'))
    await run(copy, 'fallocate', '--length', '3M', 'holes/only a hole')
    const differences = await compareTrees(tree, copy, {
      without: (path) => path === 'specials/socket',
      allocationSlack: 65_536,
    })
    // Times of folders and files change with the rest.
    const found = differences.map(({ path, what }) => `${what} ${path}`)
    const wanted = [
      'content contents/noise 4096',
      'size contents/noise 4097',
      'content contents/noise 4097',
      'mode modes/0755',
      'mtimeNs times/epoch',
      'presence contents/noise 1',
      'presence contents/\\xc3\\xbf \\x0a',
      'sameFile links/empty',
      'sameFile links elsewhere/same empty',
      'target links/dangling',
      'attributes attributes/folder',
      'attributes attributes/listed',
      'type contents/noise 2',
      'allocated holes/only a hole',
    ]
    expect(found).toEqual(expect.arrayContaining(wanted))
    const others = found.filter((difference) => !wanted.includes(difference))
    expect(others.filter((difference) => !difference.startsWith('mtimeNs '))).toEqual([
      'mode contents/noise 2',
      'size contents/noise 2',
      'content contents/noise 2',
    ])
  })
})

const restic = await findRestic('0.18.0')
const noRestic = skipBecause(restic === undefined ? 'no restic 0.18: run script/fetch-program restic' : undefined)

describe.skipIf(noTools || noRestic || !isRoot())('stock restic', () => {
  test('brings the hostile tree back, but for hard links of other things than files', async ({ tree, dir, expect }) => {
    const stock = new Restic({ binary: restic!, repository: dir.join('repository'), password: 'a password' })
    await stock.initCheaply()
    const id = await stock.backup(['.'], ['--host', 'somewhere'], { cwd: tree })
    await stock.check()
    expect(await stock.snapshots()).toMatchObject([{ id, hostname: 'somewhere' }])
    expect((await stock.ls(id)).map((node) => node['name'])).toContain('plain')
    expect(JSON.parse((await stock.cat('config')).toString())).toMatchObject({ version: 2 })
    await stock.restore(id, dir.join('restored'))
    const differences = await compareTrees(tree, dir.join('restored'), {
      without: (path) => path === 'specials/socket',
      root: false,
    })
    expect(differences.map(({ path, what }) => `${what} ${path}`)).toEqual([
      'sameFile links elsewhere/same symlink',
      'sameFile links/to a file',
      'sameFile specials/fifo',
      'sameFile specials/same fifo',
    ])
    const changed = await stock.backup(['contents'], ['--host', 'somewhere'], { cwd: tree })
    expect(await stock.diff(id, changed)).toContain('-    /names/plain')
  })
})

async function overwrite(path: string): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Buffer.from([1, 2, 3, 4]), 0, 4, 100)
  await file.close()
}

async function retype(path: string): Promise<void> {
  await unlink(path)
  await mkdir(path)
}

async function run(cwd: string, program: string, ...args: string[]): Promise<void> {
  await runOk(program, args, { cwd })
}
