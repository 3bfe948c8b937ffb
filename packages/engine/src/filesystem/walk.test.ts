import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry } from '../entry.ts'
import { pathBytes } from './byte-path.ts'
import { lstat } from './metadata.ts'
import { statByPath, statNames } from './stat-names.ts'
import { walkDirectory, type WalkOptions } from './walk.ts'

const signal = new AbortController().signal
const isRoot = process.geteuid?.() === 0
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'walk-'))
})

afterEach(() => {
  execFileSync('chmod', ['-R', 'u+rwx', directory])
  rmSync(directory, { recursive: true })
})

function make(name: string, content = ''): void {
  writeFileSync(pathBytes(`${directory}/${name}`), content)
}

/** Everything below, as `path kind`. */
function listing(options: WalkOptions = {}): string[] {
  const lines: string[] = []
  const visit = (entries: Iterable<Entry>, prefix: string) => {
    for (const entry of entries) {
      const name = entry.kind === 'unreadable' ? `[${entry.path.slice(directory.length)}]` : `${prefix}${entry.name}`
      lines.push(`${name} ${entry.kind}`)
      if (entry.kind === 'directory') visit(entry.children(signal) as Iterable<Entry>, `${name}/`)
    }
  }
  visit(walkDirectory(directory, options, signal), '')
  return lines
}

test('entries come in the order of their raw bytes, whatever the bytes are', () => {
  const names = ['-n', 'a\nb', 'ab', 'a b', 'B', '\xff\xfe', '\xc3\xa9', 'é'.normalize('NFD'), '"', '\\', '*', '\x01']
  const raw = names.map((name) => (/[\u0100-\uffff]/.test(name) ? Buffer.from(name).toString('latin1') : name))
  for (const name of raw) make(name)
  const found = [...walkDirectory(directory, {}, signal)].map((entry) => (entry.kind === 'file' ? entry.name : ''))
  const byBytes = raw.toSorted((left, right) => Buffer.compare(pathBytes(left), pathBytes(right)))
  expect(found).toEqual(byBytes)
})

test('every type of entry is told apart, and sockets are left out', async () => {
  make('file', 'content')
  mkdirSync(join(directory, 'directory'))
  symlinkSync(pathBytes('to/\xff/nowhere'), join(directory, 'link'))
  execFileSync('mkfifo', [join(directory, 'pipe')])
  const server = createServer().listen(join(directory, 'socket'))
  await once(server, 'listening')
  try {
    expect(listing()).toEqual(['directory directory', 'file file', 'link symlink', 'pipe fifo'])
    const link = [...walkDirectory(directory, {}, signal)].find((entry) => entry.kind === 'symlink')
    expect(link?.target).toBe('to/\xff/nowhere')
  } finally {
    server.close()
  }
})

test('a file tells the path that its bytes are read from', () => {
  make('\xff\nname', 'content')
  const [entry] = walkDirectory(directory, {}, signal)
  expect(entry).toMatchObject({ kind: 'file', name: '\xff\nname' })
  if (entry?.kind !== 'file' || entry.content.kind !== 'path') throw new Error('no file with a path')
  expect(Buffer.from(entry.content.path).toString('latin1')).toBe(`${directory}/\xff\nname`)
  expect(entry.metadata.size).toBe(7)
})

test('a symlink to a directory is not descended', () => {
  mkdirSync(join(directory, 'real'))
  make('real/file')
  symlinkSync('real', join(directory, 'alias'))
  symlinkSync('.', join(directory, 'self'))
  expect(listing()).toEqual(['alias symlink', 'real directory', 'real/file file', 'self symlink'])
})

test('what vanishes after its directory was listed is left out', () => {
  mkdirSync(join(directory, 'sub'))
  make('sub/file')
  const [sub] = walkDirectory(directory, {}, signal)
  rmSync(join(directory, 'sub'), { recursive: true })
  if (sub?.kind !== 'directory') throw new Error('no directory')
  expect([...(sub.children(signal) as Iterable<Entry>)]).toEqual([])
  expect(statNames(directory, ['gone'])).toEqual([undefined])
})

test('a directory that was swapped for a symlink yields an error and nothing from elsewhere', () => {
  mkdirSync(join(directory, 'sub'))
  mkdirSync(join(directory, 'elsewhere'))
  make('elsewhere/secret')
  const sub = [...walkDirectory(directory, {}, signal)].find((entry) => 'name' in entry && entry.name === 'sub')
  rmSync(join(directory, 'sub'), { recursive: true })
  symlinkSync('elsewhere', join(directory, 'sub'))
  if (sub?.kind !== 'directory') throw new Error('no directory')
  const children = [...(sub.children(signal) as Iterable<Entry>)]
  expect(children.map((entry) => entry.kind)).toEqual(['unreadable'])
})

test.skipIf(isRoot)('an unreadable directory is reported by its path', () => {
  mkdirSync(join(directory, 'closed'))
  chmodSync(join(directory, 'closed'), 0)
  expect(listing()).toEqual(['closed directory', '[/closed] unreadable'])
})

test.skipIf(isRoot)('entries of a directory that may be listed but not searched are reported one by one', () => {
  mkdirSync(join(directory, 'listed'))
  make('listed/file')
  chmodSync(join(directory, 'listed'), 0o400)
  expect(listing()).toEqual(['listed directory', '[/listed/file] unreadable'])
})

test('an abort ends the walk with its reason', () => {
  make('file')
  const controller = new AbortController()
  controller.abort(new Error('stop now'))
  expect(() => [...walkDirectory(directory, {}, controller.signal)]).toThrow('stop now')
})

test('more entries than one batch are all there, once each', () => {
  const names = Array.from({ length: 2500 }, (_, index) => `file-${String(index).padStart(4, '0')}`)
  for (const name of names) make(name)
  expect(listing()).toEqual(names.map((name) => `${name} file`))
})

describe('filters', () => {
  test('what is excluded by path is not even looked at, nor anything below it', () => {
    mkdirSync(join(directory, 'skipped'))
    make('skipped/file')
    make('kept')
    const asked: string[] = []
    const filter = {
      excludesPath: (path: string) => path.endsWith('/skipped'),
      excludesEntry: (path: string) => asked.push(path) < 0,
    }
    expect(listing({ filter })).toEqual(['kept file'])
    expect(asked).toEqual([`${directory}/kept`])
  })

  test('an entry can be excluded for its size', () => {
    make('small', 'x')
    make('large', 'x'.repeat(100))
    const filter = {
      excludesPath: () => false,
      excludesEntry: (_: string, metadata: { size: number }) => metadata.size > 10,
    }
    expect(listing({ filter })).toEqual(['small file'])
  })

  test('directories of another file system are kept without content, their files are not', () => {
    make('file')
    mkdirSync(join(directory, 'sub'))
    make('sub/file')
    expect(listing({ deviceId: lstat(directory).deviceId })).toEqual(['file file', 'sub directory', 'sub/file file'])
    expect(listing({ deviceId: -1n })).toEqual(['sub directory'])
  })
})

test('both ways of asking for metadata give the same', () => {
  make('file', 'content')
  mkdirSync(join(directory, 'sub'), { mode: 0o750 })
  symlinkSync('x', join(directory, 'link'))
  execFileSync('touch', ['-a', '-d', '@-1.25', join(directory, 'file')])
  execFileSync('touch', ['-m', '-d', '@4000000000.5', join(directory, 'file')])
  const names = ['file', 'sub', 'link', 'absent']
  expect(statNames(directory, names)).toEqual(statByPath(directory, names))
  expect(statNames('/dev', ['null', 'zero'])).toEqual(statByPath('/dev', ['null', 'zero']))
  expect(statNames(directory, ['file'])[0]).toMatchObject({
    atimeNs: -1_250_000_000n,
    mtimeNs: 4_000_000_000_500_000_000n,
    size: 7,
    links: 1n,
  })
})

test('a name that is longer than the system allows is an error of that name', () => {
  expect(statNames(directory, ['x'.repeat(300)])[0]).toMatchObject({ code: 'ENAMETOOLONG' })
})
