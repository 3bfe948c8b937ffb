import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { isRoot, makeTempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { bytePath, childPath, printablePath, systemPath } from './byte-path.ts'
import { keptName, parseBesideName, stampOf } from './names.ts'
import { Replacement } from './replacement.ts'
import { settleSwaps } from './settle-swaps.ts'

const TIME = new Date('2026-11-21T20:17:14.123Z')
const STAMP = '20261121T201714Z'

const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})

describe('what is put in the place of something', () => {
  test('a folder: the old one is kept beside it', async ({ dir, expect }) => {
    await mkdir(dir.join('app'))
    await writeFile(dir.join('app/file'), 'old')
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    await mkdir(`${replacement.path}/app`)
    await writeFile(`${replacement.path}/app/file`, 'new')
    expect(await replacement.swapIn('app')).toBe(dir.join(`app.before-${STAMP}`))
    await replacement[Symbol.asyncDispose]()
    expect(await readFile(dir.join('app/file'), 'utf8')).toBe('new')
    expect(await readFile(dir.join(`app.before-${STAMP}`, 'file'), 'utf8')).toBe('old')
    expect(await readdir(dir.path)).toEqual(['app', `app.before-${STAMP}`])
  })

  test('a file, a symlink, and nothing', async ({ dir, expect }) => {
    await writeFile(dir.join('file'), 'old')
    await symlink('nowhere', dir.join('link'))
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    for (const name of ['file', 'link', 'absent']) await writeFile(`${replacement.path}/${name}`, 'new')
    expect(await replacement.swapIn('file')).toBe(dir.join(`file.before-${STAMP}`))
    expect(await replacement.swapIn('link')).toBe(dir.join(`link.before-${STAMP}`))
    expect(await replacement.swapIn('absent')).toBe(undefined)
    expect(await readFile(dir.join(`file.before-${STAMP}`), 'utf8')).toBe('old')
    expect(await readlink(dir.join(`link.before-${STAMP}`))).toBe('nowhere')
    for (const name of ['file', 'link', 'absent']) expect(await readFile(dir.join(name), 'utf8')).toBe('new')
  })

  test('the name under which the old is kept is one that is free', async ({ dir, expect }) => {
    await writeFile(dir.join('file'), 'old')
    await writeFile(dir.join(`file.before-${STAMP}`), 'older')
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    await writeFile(`${replacement.path}/file`, 'new')
    expect(await replacement.swapIn('file')).toBe(dir.join(`file.before-${STAMP}-2`))
    expect(await readFile(dir.join(`file.before-${STAMP}`), 'utf8')).toBe('older')
  })

  test('what was not swapped in is gone at the end, and what is there is as it was', async ({ dir, expect }) => {
    await writeFile(dir.join('file'), 'old')
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    expect((await lstat(replacement.path)).mode & 0o777).toBe(0o700)
    await writeFile(`${replacement.path}/file`, 'new')
    await replacement[Symbol.asyncDispose]()
    expect(await readdir(dir.path)).toEqual(['file'])
  })

  test('when the new cannot be put there, the old is back', async ({ dir, expect }) => {
    await mkdir(dir.join('app'))
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    await expect(replacement.swapIn('app')).rejects.toThrow('ENOENT')
    expect((await lstat(dir.join('app'))).isDirectory()).toBe(true)
    expect(await readdir(dir.path)).not.toContain(`app.before-${STAMP}`)
  })

  test('a name of any bytes, and a long one', async ({ dir, expect }) => {
    const names = ['-rf', 'a\nb', '\xff\xfe', 'x'.repeat(255)]
    const folder = bytePath(dir.path)
    for (const name of names) await writeFile(systemPath(childPath(folder, name)), 'old')
    await using replacement = await Replacement.open(folder, TIME)
    for (const name of names) {
      await writeFile(systemPath(childPath(replacement.path, name)), 'new')
      const kept = await replacement.swapIn(name)
      expect(await readFile(systemPath(kept!), 'utf8')).toBe('old')
      expect(await readFile(systemPath(childPath(folder, name)), 'utf8')).toBe('new')
    }
  })
})

describe('the content of a folder that stays', () => {
  test('is replaced, and the old is kept in it, together with what has no successor', async ({ dir, expect }) => {
    for (const name of ['same', 'gone']) await writeFile(dir.join(name), 'old')
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    for (const name of ['same', 'added']) await writeFile(`${replacement.path}/${name}`, 'new')
    const kept = await replacement.swapContent(['added', 'same'], ['gone'])
    await replacement[Symbol.asyncDispose]()
    expect(kept).toBe(dir.join(`hikae-before-${STAMP}`))
    expect((await readdir(kept!)).sort()).toEqual(['gone', 'same'])
    expect((await readdir(dir.path)).sort()).toEqual(['added', `hikae-before-${STAMP}`, 'same'])
    expect(await readFile(dir.join('same'), 'utf8')).toBe('new')
  })

  test('that was empty keeps nothing', async ({ dir, expect }) => {
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    await writeFile(`${replacement.path}/added`, 'new')
    expect(await replacement.swapContent(['added'], [])).toBe(undefined)
    await replacement[Symbol.asyncDispose]()
    expect(await readdir(dir.path)).toEqual(['added'])
  })

  test('is as it was when a part of it cannot be replaced', async ({ dir, expect }) => {
    for (const name of ['one', 'two']) await writeFile(dir.join(name), 'old')
    await using replacement = await Replacement.open(bytePath(dir.path), TIME)
    for (const name of ['one', 'added']) await writeFile(`${replacement.path}/${name}`, 'new')
    await expect(replacement.swapContent(['one', 'added', 'not built'], ['two'])).rejects.toThrow('ENOENT')
    await replacement[Symbol.asyncDispose]()
    expect(await readdir(dir.path)).toEqual(['one', 'two'])
    expect(await readFile(dir.join('one'), 'utf8')).toBe('old')
  })
})

describe('what was interrupted', () => {
  /** No process has this number: it is more than Linux allows. */
  const GONE = 99_999_999
  const left = (state: string, pid = GONE): string => `.hikae-${state}-${STAMP}-${pid}-00000000`

  test('is removed when nothing was replaced yet', async ({ dir, expect }) => {
    await writeFile(dir.join('file'), 'old')
    for (const state of ['new', 'ready']) {
      await mkdir(dir.join(left(state)))
      await writeFile(dir.join(left(state), 'file'), 'new')
    }
    const findings = await settleSwaps(bytePath(dir.path))
    expect(findings.map(({ severity }) => severity)).toEqual(['warning', 'warning'])
    expect(await readdir(dir.path)).toEqual(['file'])
    expect(await readFile(dir.join('file'), 'utf8')).toBe('old')
  })

  test('is finished when what it replaces is away already', async ({ dir, expect }) => {
    await writeFile(dir.join(`file.before-${STAMP}`), 'old')
    await mkdir(dir.join(left('ready')))
    await writeFile(dir.join(left('ready'), 'file'), 'new')
    expect(await settleSwaps(bytePath(dir.path))).toMatchObject([
      { severity: 'warning', message: expect.stringContaining(`restore of ${dir.join('file')} was interrupted`) },
    ])
    expect(await readdir(dir.path)).toEqual(['file', `file.before-${STAMP}`])
    expect(await readFile(dir.join('file'), 'utf8')).toBe('new')
  })

  test('is left to the person when something else has come there since', async ({ dir, expect }) => {
    for (const name of ['app', `app.before-${STAMP}`, left('ready')]) await mkdir(dir.join(name))
    await mkdir(dir.join(left('ready'), 'app'))
    expect(await settleSwaps(bytePath(dir.path))).toMatchObject([{ severity: 'error' }])
    expect(await readdir(dir.path)).toEqual([left('ready'), 'app', `app.before-${STAMP}`])
  })

  test('is left alone while its process runs', async ({ dir, expect }) => {
    await mkdir(dir.join(left('ready', process.pid)))
    expect(await settleSwaps(bytePath(dir.path))).toEqual([])
    expect(await readdir(dir.path)).toEqual([left('ready', process.pid)])
  })

  test.skipIf(!isRoot())('is left alone when another user made it', async ({ dir, expect }) => {
    await mkdir(dir.join(left('ready')))
    await writeFile(dir.join(left('ready'), 'file'), 'not ours')
    await chown(dir.join(left('ready')), 1000, 1000)
    expect(await settleSwaps(bytePath(dir.path))).toEqual([])
    expect(await readdir(dir.path)).toEqual([left('ready')])
  })

  test('does not concern what has only a similar name, and a folder that is not there', async ({ dir, expect }) => {
    for (const name of ['.hikae-new-', '.hikae-ready-app', `.hikae-old-${STAMP}-1-00000000`])
      await mkdir(dir.join(name))
    expect(await settleSwaps(bytePath(dir.path))).toEqual([])
    expect(await settleSwaps(bytePath(dir.join('absent')))).toEqual([])
    expect(await readdir(dir.path)).toHaveLength(3)
  })
})

describe('names', () => {
  test('tell who made them, and when', ({ expect }) => {
    expect(stampOf(TIME)).toBe(STAMP)
    expect(parseBesideName(`.hikae-new-${STAMP}-12-0123abcd`)).toEqual({ state: 'new', stamp: STAMP, pid: 12 })
    expect(parseBesideName(`x.hikae-new-${STAMP}-12-0123abcd`)).toBe(undefined)
  })

  test('of what is kept fit into a directory, and those of two long ones differ', ({ expect }) => {
    const [one, other] = [keptName(`${'x'.repeat(254)}1`, STAMP), keptName(`${'x'.repeat(254)}2`, STAMP)]
    expect(one).not.toBe(other)
    expect(one.length).toBeLessThan(255)
  })

  test('of any bytes are printed so that they cannot be mistaken', ({ expect }) => {
    expect(printablePath(bytePath('/日本'))).toBe('/日本')
    expect(printablePath('/a\nb\xff')).toBe('/a\\x0ab\\xff')
  })
})

test('a folder that may not be written to is moved all the same', async ({ dir, expect }) => {
  await using replacement = await Replacement.open(bytePath(dir.path), TIME)
  await mkdir(`${replacement.path}/app`)
  await chmod(`${replacement.path}/app`, 0o555)
  await replacement.swapIn('app')
  expect((await lstat(dir.join('app'))).mode & 0o777).toBe(0o555)
})
