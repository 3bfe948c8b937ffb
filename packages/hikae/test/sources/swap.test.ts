import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeLoopDisk, skipBecause, type TempDir, whyNoLoopDisk } from '@hikae/testkit'
import { test } from 'vitest'
import { bytePath } from '../../src/sources/swap/byte-path.ts'
import { settleSwaps } from '../../src/sources/swap/settle-swaps.ts'
import { killedEverywhere } from './killed-everywhere.ts'

const REPLACEMENT = join(import.meta.dirname, '../../src/sources/swap/replacement.ts')

/** Builds all that is in `NEW`, then runs `swap`, in the folder that is its argument. */
const program = (names: readonly string[], swap: string): string => `
  import { mkdir, writeFile } from 'node:fs/promises'
  import { Replacement } from ${JSON.stringify(REPLACEMENT)}
  const replacement = await Replacement.open(process.argv[1], new Date('2026-11-21T20:17:14Z'))
  for (const name of ${JSON.stringify(names)}) {
    if (name.endsWith('/')) {
      await mkdir(replacement.path + '/' + name)
      await writeFile(replacement.path + '/' + name + 'file', 'new')
    } else await writeFile(replacement.path + '/' + name, 'new')
  }
  ${swap}
  await replacement[Symbol.asyncDispose]()
`

async function contentOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => 'absent')
}

test('a folder that is replaced by a process that is killed anywhere is the old or the new', async ({ expect }) => {
  const seen = new Set<string>()
  const prepare = async (dir: TempDir): Promise<void> => {
    await mkdir(dir.join('app'))
    await writeFile(dir.join('app/file'), 'old')
  }
  for await (const dir of killedEverywhere(program(['app/'], `await replacement.swapIn('app')`), prepare)) {
    const before = await contentOf(dir.join('app/file'))
    const findings = await settleSwaps(bytePath(dir.path))
    const after = await contentOf(dir.join('app/file'))
    seen.add(`${before} ${after}`)
    const kept = (await readdir(dir.path)).filter((name) => name !== 'app')
    expect(kept).toEqual(after === 'new' ? ['app.before-20261121T201714Z'] : [])
    expect(findings.every(({ severity }) => severity === 'warning')).toBe(true)
    expect(await settleSwaps(bytePath(dir.path))).toEqual([])
  }
  expect([...seen].sort()).toEqual(['absent new', 'new new', 'old old'])
})

test('a file that is replaced by a process that is killed anywhere is never away', async ({ expect }) => {
  const seen = new Set<string>()
  const prepare = (dir: TempDir): Promise<void> => writeFile(dir.join('file'), 'old')
  for await (const dir of killedEverywhere(program(['file'], `await replacement.swapIn('file')`), prepare)) {
    const before = await contentOf(dir.join('file'))
    await settleSwaps(bytePath(dir.path))
    expect(await contentOf(dir.join('file'))).toBe(before)
    seen.add(before)
    const kept = (await readdir(dir.path)).filter((name) => name !== 'file')
    expect(kept).toEqual(before === 'new' ? ['file.before-20261121T201714Z'] : [])
  }
  expect([...seen].sort()).toEqual(['new', 'old'])
})

test('content that is replaced by a process that is killed anywhere is all old or all new in the end', async ({
  expect,
}) => {
  const seen = new Set<string>()
  const prepare = async (dir: TempDir): Promise<void> => {
    await mkdir(dir.join('one'))
    await writeFile(dir.join('one/file'), 'old')
    await writeFile(dir.join('two'), 'old')
  }
  const swap = `await replacement.swapContent(['added', 'one', 'two'], [])`
  for await (const dir of killedEverywhere(program(['added', 'one/', 'two'], swap), prepare)) {
    await settleSwaps(bytePath(dir.path))
    const state = await Promise.all(['added', 'one/file', 'two'].map((path) => contentOf(dir.join(path))))
    seen.add(state.join(' '))
    const kept = (await readdir(dir.path)).filter((name) => !['added', 'one', 'two'].includes(name))
    expect(kept).toEqual(state[1] === 'new' ? ['hikae-before-20261121T201714Z'] : [])
  }
  expect([...seen].sort()).toEqual(['absent old old', 'new new new'])
})

test.skipIf(skipBecause(await whyNoLoopDisk()))('what cannot be ended is an error, and stays', async ({ expect }) => {
  await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
  await disk.mount()
  const left = '.hikae-ready-20261121T201714Z-99999999-00000000'
  await mkdir(join(disk.mountPoint, left, 'app'), { recursive: true })
  await disk.remount('read-only')
  expect(await settleSwaps(bytePath(disk.mountPoint))).toMatchObject([
    { severity: 'error', message: expect.stringContaining('could not be put where it belongs: read-only file system') },
  ])
  expect(await readdir(disk.mountPoint)).toContain(left)
})
