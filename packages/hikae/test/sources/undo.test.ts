import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { makeTempDir, type TempDir, watchSystemCalls } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { bytePath } from '../../src/sources/swap/byte-path.ts'
import { addedContent, keptBeside, keptWithin } from '../../src/sources/swap/kept-items.ts'
import { settleSwaps } from '../../src/sources/swap/settle-swaps.ts'
import { nextStamp, undoMoment } from '../../src/sources/swap/undo-moment.ts'
import { killedEverywhere } from './killed-everywhere.ts'

const OLD = '20261121T201714Z'
const NEW = '20261122T000000Z'
const SWAP = join(import.meta.dirname, '../../src/sources/swap')

const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})

/** Puts back what is kept of some paths, and takes away what was not there, in the folder that is its argument. */
const program = (lives: readonly string[], created: readonly string[] = []): string => `
  import { keptBeside } from ${JSON.stringify(`${SWAP}/kept-items.ts`)}
  import { undoMoment } from ${JSON.stringify(`${SWAP}/undo-moment.ts`)}
  const folder = process.argv[1]
  const items = []
  for (const name of ${JSON.stringify(lives)}) {
    for (const moment of await keptBeside(folder + '/' + name)) items.push(...moment.items)
  }
  for (const name of ${JSON.stringify(created)}) items.push({ folder, live: folder + '/' + name })
  await undoMoment(items, ${JSON.stringify(NEW)})
`

const contentProgram = `
  import { addedContent, keptWithin } from ${JSON.stringify(`${SWAP}/kept-items.ts`)}
  import { undoMoment } from ${JSON.stringify(`${SWAP}/undo-moment.ts`)}
  const [moment] = await keptWithin(process.argv[1])
  await undoMoment([...moment.items, ...(await addedContent(moment))], ${JSON.stringify(NEW)})
`

/** Of each file below a folder, what is in it. */
async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const pairs = await Promise.all(
    files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')]),
  )
  return Object.fromEntries(pairs) as Record<string, string>
}

async function fill(dir: TempDir, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dir.join(name, '..'), { recursive: true })
    await writeFile(dir.join(name), text)
  }
}

/** Runs it, killed at each of its changes; what is there after settling is one of two. */
async function expectWhole(
  script: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Promise<string[]> {
  const seen = new Set<string>()
  for await (const dir of killedEverywhere(script, (made) => fill(made, before))) {
    const findings = await settleSwaps(bytePath(dir.path))
    if (findings.some(({ severity }) => severity === 'error')) throw new Error(findings[0]!.message)
    const tree = await treeOf(dir.path)
    const state = isDeepStrictEqual(tree, before) ? 'before' : isDeepStrictEqual(tree, after) ? 'after' : tree
    seen.add(typeof state === 'string' ? state : JSON.stringify(state))
    if ((await settleSwaps(bytePath(dir.path))).length > 0) throw new Error('it was not settled at once')
    if ((await readdir(dir.path)).some((name) => name.startsWith('.hikae'))) throw new Error('something is left')
  }
  return [...seen].toSorted()
}

describe('an undo that is killed anywhere, and settled', { timeout: 60_000 }, () => {
  test('of folders, files and what was not there is done as a whole or not at all', async ({ expect }) => {
    const seen = await expectWhole(
      program(['app', 'conf'], ['added']),
      {
        'added/file': 'new',
        [`app.before-${OLD}/file`]: 'old',
        'app/file': 'new',
        conf: 'new',
        [`conf.before-${OLD}`]: 'old',
      },
      {
        [`added.before-${NEW}/file`]: 'new',
        [`app.before-${NEW}/file`]: 'new',
        'app/file': 'old',
        conf: 'old',
        [`conf.before-${NEW}`]: 'new',
      },
    )
    expect(seen).toEqual(['after', 'before'])
  })

  test('of the content of a mount point is done as a whole or not at all', async ({ expect }) => {
    const seen = await expectWhole(
      contentProgram,
      {
        added: 'new',
        [`hikae-before-${OLD}/gone`]: 'old',
        [`hikae-before-${OLD}/sub/file`]: 'old',
        'sub/file': 'new',
      },
      { gone: 'old', [`hikae-before-${NEW}/added`]: 'new', [`hikae-before-${NEW}/sub/file`]: 'new', 'sub/file': 'old' },
    )
    expect(seen).toEqual(['after', 'before'])
  })
})

describe('an undo', () => {
  test('that fails in the middle leaves everything as it was', async ({ dir, expect }) => {
    await fill(dir, { one: 'new', [`one.before-${OLD}`]: 'old', two: 'new', [`two.before-${OLD}`]: 'old' })
    const before = await treeOf(dir.path)
    const items = await Promise.all(['one', 'two'].map((name) => keptBeside(bytePath(dir.join(name)))))
    using _ = watchSystemCalls(dir.path, ({ name, to }) =>
      name === 'rename' && to === dir.join('two') ? { kind: 'error', code: 'EIO' } : undefined,
    )
    await expect(
      undoMoment(
        items.flat().flatMap((moment) => moment.items),
        NEW,
      ),
    ).rejects.toMatchObject({ hint: expect.stringContaining('everything is as it was') })
    expect(await treeOf(dir.path)).toEqual(before)
    expect((await readdir(dir.path)).toSorted()).toEqual(['one', `one.before-${OLD}`, 'two', `two.before-${OLD}`])
  })

  test('keeps things under a time that is later than all others, and free', async ({ dir, expect }) => {
    const item = { folder: bytePath(dir.path), live: bytePath(dir.join('app')) }
    await fill(dir, { 'app.before-20261121T201716Z': '' })
    const now = new Date('2026-01-01T00:00:00Z')
    expect(await nextStamp([item], [], now)).toBe('20260101T000000Z')
    expect(await nextStamp([item], [OLD], now)).toBe('20261121T201715Z')
    expect(await nextStamp([item], ['20261121T201715Z'], now)).toBe('20261121T201717Z')
  })
})

describe('what is found to be kept', () => {
  test('has exactly the name that a restore gives', async ({ dir, expect }) => {
    const names = [`app.before-${OLD}`, `app.before-${OLD}-2`, `app.before-${OLD}-12`]
    const others = [
      'app.before',
      'app.before-yesterday',
      'app.before-20260231T000000Z',
      `app.before-${OLD}-1`,
      `app.before-${OLD}-02`,
      `app.before-${OLD}.gz`,
      `app2.before-${OLD}`,
      `my-app.before-${OLD}`,
    ]
    await fill(dir, Object.fromEntries([...names, ...others].map((name) => [name, ''])))
    const found = await keptBeside(bytePath(dir.join('app')))
    expect(found.flatMap(({ items }) => items.map(({ kept }) => kept!.slice(dir.path.length + 1)))).toEqual(
      names.toSorted(),
    )
    expect(found.map(({ number }) => number).toSorted((one, two) => one - two)).toEqual([1, 2, 12])
  })

  test('is also what has a name too long to be kept whole', async ({ dir, expect }) => {
    const { Replacement } = await import('../../src/sources/swap/replacement.ts')
    const name = 'x'.repeat(250)
    await fill(dir, { [name]: 'old' })
    await using replacement = await Replacement.open(bytePath(dir.path), new Date('2026-11-21T20:17:14Z'))
    await writeFile(`${replacement.path}/${name}`, 'new')
    await replacement.swapIn(name)
    const [moment] = await keptBeside(bytePath(dir.join(name)))
    await undoMoment(moment!.items, NEW)
    expect(await readFile(dir.join(name), 'utf8')).toBe('old')
  })

  test('of a mount point is a folder with something in it', async ({ dir, expect }) => {
    await mkdir(dir.join(`hikae-before-${NEW}`))
    await fill(dir, { [`hikae-before-${OLD}/file`]: 'old', [`hikae-before-${OLD}-2/file`]: 'no', 'lost+found/x': '' })
    await symlink('.', dir.join('hikae-before-20250101T000000Z'))
    const found = await keptWithin(bytePath(dir.path))
    expect(found.map(({ stamp }) => stamp)).toEqual([OLD])
    expect((await addedContent(found[0]!)).map(({ live }) => live)).toEqual([dir.join(`hikae-before-${OLD}-2`)])
  })
})
