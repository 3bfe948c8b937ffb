import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Entry } from '../entry.ts'
import { InvalidInputError } from '../errors.ts'
import type { EntryFilter } from './entry-filter.ts'
import { lstat } from './metadata.ts'
import { openTargets } from './targets.ts'

const signal = new AbortController().signal
let base: string

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'targets-')))
  for (const directory of ['a/b/deep', 'a/c', 'x/same', 'y/same', 'work/src/in', 'work/e']) {
    mkdirSync(join(base, directory), { recursive: true })
  }
  for (const file of ['a/b/f', 'a/c/g', 'a/top', 'x/same/1', 'y/same/2', 'work/src/in/s', 'file']) {
    writeFileSync(join(base, file), file)
  }
  symlinkSync('a/b', join(base, 'link'))
  symlinkSync('nowhere', join(base, 'dangling'))
})

afterEach(() => rmSync(base, { recursive: true }))

function opened(targets: readonly string[], options: { filter?: EntryFilter; oneFileSystem?: boolean } = {}) {
  return openTargets(targets, { workingDirectory: join(base, 'work'), ...options })
}

/** Paths in the tree, in its order; directories end in `/`. */
function tree(targets: readonly string[], options: { filter?: EntryFilter; oneFileSystem?: boolean } = {}): string[] {
  const lines: string[] = []
  const visit = (entries: Iterable<Entry>, prefix: string) => {
    for (const entry of entries) {
      if (entry.kind === 'unreadable') {
        lines.push(`? ${entry.path}`)
      } else if (entry.kind === 'directory') {
        lines.push(`${prefix}${entry.name}/`)
        visit(entry.children(signal) as Iterable<Entry>, `${prefix}${entry.name}/`)
      } else {
        lines.push(`${prefix}${entry.name}`)
      }
    }
  }
  visit(opened(targets, options).root.children(signal) as Iterable<Entry>, '')
  return lines.sort()
}

const A = ['a/', 'a/b/', 'a/b/deep/', 'a/b/f', 'a/c/', 'a/c/g', 'a/top']
const SRC = ['src/', 'src/in/', 'src/in/s']

/** The directories above `base`, then `below` in it. */
function absolute(below: readonly string[]): string[] {
  const parts = base.slice(1).split('/')
  const above = parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)
  return [...above, ...below.map((path) => `${base.slice(1)}/${path}`)].sort()
}

test('absolute targets bring the directories above them, with only what was chosen', () => {
  expect(tree([join(base, 'a'), join(base, 'y')])).toEqual(absolute([...A, 'y/', 'y/same/', 'y/same/2']))
})

test('the directories above a target have their own metadata', () => {
  const [first] = opened([join(base, 'a')]).root.children(signal) as Iterable<Entry>
  if (first?.kind !== 'directory') throw new Error('no directory')
  const expected = lstat(`/${base.split('/')[1] ?? ''}`)
  expect(first.metadata).toMatchObject({ mode: expected.mode, uid: expected.uid, inode: expected.inode })
})

test('a relative target is in the tree as it was given', () => {
  expect(tree(['src'])).toEqual(SRC)
  expect(tree(['src/in'])).toEqual(SRC)
  expect(tree(['./src//in/', 'src'])).toEqual(SRC)
})

test('leading parents are dropped from the tree', () => {
  expect(tree(['../a'])).toEqual(A)
  expect(tree(['../a/b', '../work/../a/c'])).toEqual(A.filter((path) => path !== 'a/top'))
})

test('a target without a name is replaced by its entries', () => {
  expect(tree(['.'])).toEqual(['e/', ...SRC])
  expect(tree(['src/..'])).toEqual(['e/', ...SRC])
  expect(tree(['..'])).toEqual(tree(['../a', '../dangling', '../file', '../link', '../work', '../x', '../y']))
  expect(opened(['.']).paths).toEqual([join(base, 'work')])
})

test('a target below another one changes nothing, in either order', () => {
  expect(tree(['../a', '../a/b'])).toEqual(A)
  expect(tree(['../a/b/deep', '../a'])).toEqual(A)
})

test('equal names in different directories keep their directories', () => {
  expect(tree(['../x/same', '../y/same'])).toEqual(['x/', 'x/same/', 'x/same/1', 'y/', 'y/same/', 'y/same/2'])
})

test('different targets with the same first component are told apart by a number', () => {
  mkdirSync(join(base, 'src'))
  writeFileSync(join(base, 'src/other'), '')
  expect(tree(['src', '../src'])).toEqual(['src-1/', 'src-1/other', ...SRC].sort())
  expect(tree(['src', '../src', 'src/in'])).toEqual(['src-1/', 'src-1/other', ...SRC].sort())
})

test('a renamed directory is still read from where it is', () => {
  writeFileSync(join(base, 'work/a'), 'a file')
  const entries = [...(opened(['../a', 'a']).root.children(signal) as Iterable<Entry>)]
  const renamed = entries.find((entry) => entry.kind === 'file')
  if (renamed?.kind !== 'file' || renamed.content.kind !== 'path') throw new Error('no file')
  expect(renamed.name).toBe('a-1')
  expect(Buffer.from(renamed.content.path).toString()).toBe(join(base, 'work/a'))
})

test('files and symlinks can be targets, and a symlink stays one, with or without a slash', () => {
  expect(tree(['../file', '../link', '../dangling'])).toEqual(['dangling', 'file', 'link'])
  expect(tree(['../link/'])).toEqual(['link'])
})

test('a path through a symlink is followed: it names what lies there', () => {
  expect(tree(['../link/f'])).toEqual(['link/', 'link/f'])
})

test('snapshot paths are absolute, in the order given, each once', () => {
  expect(opened(['src/', '../y', './src', join(base, 'a')]).paths).toEqual(
    ['work/src', 'y', 'a'].map((path) => join(base, path)),
  )
})

test('a missing target is reported among the others and is no path of the snapshot', () => {
  expect(tree(['nowhere', 'src', '../file/below'])).toEqual(['? ../file/below', '? nowhere', ...SRC])
  expect(opened(['nowhere', 'src']).paths).toEqual([join(base, 'work/src')])
})

test('a list without anything to back up is refused', () => {
  expect(() => opened([])).toThrow(InvalidInputError)
  expect(() => opened(['nowhere', '../file/below'])).toThrow('nothing to back up: nowhere, ../file/below not found')
  expect(() => opened(['src', ''])).toThrow(InvalidInputError)
  expect(() => opened(['src\0'])).toThrow(InvalidInputError)
})

test('names of any bytes are targets', () => {
  const name = '-\xff\n*'
  writeFileSync(Buffer.from(`${base}/work/${name}`, 'latin1'), '')
  expect(tree([name])).toEqual([name])
  expect(opened([name]).paths).toEqual([`${base}/work/-\ufffd\n*`])
})

test('filters hold for targets and for what is below', () => {
  const filter = {
    excludesPath: (path: string) => path.endsWith('/c') || path.endsWith('/src'),
    excludesEntry: () => false,
  }
  expect(tree(['../a', 'src'], { filter })).toEqual(A.filter((path) => !path.startsWith('a/c')))
})

test.skipIf(lstat('/proc').deviceId === lstat('/').deviceId)('one file system: a mount point is kept, empty', () => {
  const filter = { excludesPath: (path: string) => path !== '/proc', excludesEntry: () => false }
  expect(tree(['/'], { filter, oneFileSystem: true })).toEqual(['proc/'])
  const own = opened(['/proc'], { oneFileSystem: true }).root.children(signal) as Iterable<Entry>
  const [proc] = own
  if (proc?.kind !== 'directory') throw new Error('no directory')
  expect([...(proc.children(signal) as Iterable<Entry>)].length).toBeGreaterThan(10)
})
