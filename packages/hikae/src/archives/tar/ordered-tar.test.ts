import type { Entry } from '@hikae/engine'
import { collect } from '@hikae/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openOrderedTar, type TarCounts } from './ordered-tar.ts'
import { emptyFile } from './empty-file.ts'
import { type HandMade, paxBlock, tarBytes } from './tar-bytes.test.support.ts'

const signal = new AbortController().signal
const BLOCK = 512

interface Read {
  /** Kind and content by path, in the order in which they came. */
  readonly entries: readonly (readonly [path: string, what: string])[]
  readonly counts: TarCounts
}

async function read(source: AsyncIterable<Uint8Array>): Promise<Read> {
  await using tar = await openOrderedTar(source)
  const entries: [string, string][] = []
  await walk(tar.entry, '', entries)
  return { entries, counts: tar.finish() }
}

async function walk(entry: Entry, above: string, entries: [string, string][]): Promise<void> {
  if (entry.kind === 'unreadable') throw entry.error
  const path = `${above}${entry.name}`
  if (entry.kind === 'directory') {
    entries.push([path, 'directory'])
    for await (const child of entry.children(signal)) await walk(child, `${path}/`, entries)
  } else if (entry.kind === 'file' && entry.content.kind === 'stream') {
    entries.push([path, Buffer.concat(await collect(entry.content.open(signal))).toString('latin1')])
  } else if (entry.kind === 'file') {
    entries.push([path, `link ${entry.metadata.inode}`])
  } else entries.push([path, entry.kind])
}

async function* pieces(bytes: Buffer, sizes: readonly number[] = [64]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

function readMade(members: readonly HandMade[], options?: { end?: boolean }): Promise<Read> {
  return read(pieces(tarBytes(members, options)))
}

const TOP: HandMade = { name: 'top/', type: '5' }

/** Files as text, folders as maps. */
type Tree = { readonly [name: string]: string | Tree }

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 6 })
  .map((text) => Buffer.from(text).toString('latin1').replaceAll(/[/\0]/g, '_'))
  .filter((text) => text !== '.' && text !== '..')
const { tree } = fc.letrec<{ tree: Tree; node: string | Tree }>((tie) => ({
  tree: fc.dictionary(name, tie('node'), { maxKeys: 4, noNullPrototype: true }),
  node: fc.oneof(
    { maxDepth: 3 },
    fc.string({ maxLength: 1500 }).map((text) => Buffer.from(text).toString('latin1')),
    tie('tree'),
  ),
}))

function membersOf(node: string | Tree, path: string): HandMade[] {
  const long = path.length > 90 ? [paxBlock([['path', typeof node === 'string' ? path : `${path}/`]])] : []
  if (typeof node === 'string') return [...long, { name: path.slice(0, 90), content: node }]
  const below = Object.entries(node).flatMap(([child, content]) => membersOf(content, `${path}/${child}`))
  return [...long, { name: `${path.slice(0, 90)}/`, type: '5' }, ...below]
}

function entriesOf(node: string | Tree, path: string): [string, string][] {
  if (typeof node === 'string') return [[path, node]]
  return [
    [path, 'directory'],
    ...Object.entries(node).flatMap(([child, content]) => entriesOf(content, `${path}/${child}`)),
  ]
}

describe('an archive that is read in its order', () => {
  test('gives any tree as it is, in pieces of any sizes', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(tree, sizes, async (given, cut) => {
        const { entries } = await read(pieces(tarBytes(membersOf(given, 'top')), cut))
        expect(entries).toEqual(entriesOf(given, 'top'))
      }),
      { numRuns: 150 },
    )
  })

  test('fails wherever it is cut off', async () => {
    const whole = tarBytes([
      TOP,
      { name: 'top/empty' },
      { name: 'top/file', content: 'x'.repeat(1200) },
      { name: 'top/sub/', type: '5' },
      paxBlock([['mtime', '1500000000.5']]),
      { name: 'top/sub/file', content: 'y' },
    ])
    expect((await read(pieces(whole))).counts).toEqual({ files: 3, directories: 2, others: 0, bytes: 1201 })
    for (let end = 0; end < whole.length; end += BLOCK / 2) {
      await expect(read(pieces(whole.subarray(0, end))), `cut at ${end}`).rejects.toThrow('archive')
    }
  })

  test('passes over what nobody asks for', async () => {
    const bytes = tarBytes([TOP, { name: 'top/a', content: 'a'.repeat(3000) }, { name: 'top/b', content: 'b' }])
    await using tar = await openOrderedTar(pieces(bytes))
    const names: string[] = []
    if (tar.entry.kind !== 'directory') throw new Error('no directory')
    for await (const child of tar.entry.children(signal)) names.push(child.kind === 'unreadable' ? '' : child.name)
    expect(names).toEqual(['a', 'b'])
    expect(tar.finish()).toEqual({ files: 0, directories: 1, others: 0, bytes: 0 })
  })

  test('gives no content whose turn is over', async () => {
    const bytes = tarBytes([TOP, { name: 'top/a', content: 'a' }, { name: 'top/b', content: 'b' }])
    await using tar = await openOrderedTar(pieces(bytes))
    if (tar.entry.kind !== 'directory') throw new Error('no directory')
    const children = await collect(tar.entry.children(signal) as AsyncIterable<Entry>)
    const [first] = children
    if (first?.kind !== 'file' || first.content.kind !== 'stream') throw new Error('no file')
    await expect(collect(first.content.open(signal))).rejects.toThrow('gone')
  })

  test('gives further names of a file the same inode, and says of each file that it may have some', async () => {
    const link = (at: string): HandMade => ({ name: at, type: '1', target: 'top/a' })
    const bytes = tarBytes([TOP, { name: 'top/a', content: 'a' }, { name: 'top/b', content: 'b' }, link('top/c')])
    await using tar = await openOrderedTar(pieces(bytes))
    if (tar.entry.kind !== 'directory') throw new Error('no directory')
    const found = new Map<string, Entry>()
    for await (const child of tar.entry.children(signal)) if (child.kind === 'file') found.set(child.name, child)
    const [a, b, c] = ['a', 'b', 'c'].map((at) => found.get(at)) as Extract<Entry, { kind: 'file' }>[]
    expect(c).toMatchObject({ content: { kind: 'link' }, metadata: { inode: a!.metadata.inode, links: 2n } })
    expect(a!.metadata.links).toBe(2n)
    expect(b!.metadata.inode).not.toBe(a!.metadata.inode)
  })

  test('gives further names of a link or a FIFO as what they are', async () => {
    const { entries, counts } = await readMade([
      TOP,
      { name: 'top/a', type: '2', target: 'x' },
      { name: 'top/b', type: '6' },
      { name: 'top/c', type: '1', target: 'top/a' },
      { name: 'top/d', type: '1', target: 'top/b' },
    ])
    expect(entries.slice(1)).toEqual([
      ['top/a', 'symlink'],
      ['top/b', 'fifo'],
      ['top/c', 'symlink'],
      ['top/d', 'fifo'],
    ])
    expect(counts).toEqual({ files: 0, directories: 1, others: 4, bytes: 0 })
  })

  test('may be one file, or one link', async () => {
    expect((await readMade([{ name: 'file', content: 'x' }])).entries).toEqual([['file', 'x']])
    expect((await readMade([{ name: 'link', type: '2', target: 'x' }])).entries).toEqual([['link', 'symlink']])
    await expect(readMade([{ name: 'file', content: 'x' }, { name: 'other' }])).rejects.toThrow('other')
    await expect(readMade([{ name: 'link', type: '2', target: 'x' }, { name: 'other' }])).rejects.toThrow('other')
    await expect(readMade([{ name: 'file', content: 'x' }], { end: false })).rejects.toThrow('too early')
  })

  test('may begin with a file that makes room for what follows, for Docker only', async () => {
    const bytes = Buffer.concat([emptyFile('top'), tarBytes([{ name: 'other' }])])
    await expect(read(pieces(bytes))).rejects.toThrow('other')
    expect((await read(pieces(Buffer.concat([emptyFile('top'), Buffer.alloc(1024)])))).entries).toEqual([['top', '']])
  })

  test.for<{ what: string; members: readonly HandMade[] }>([
    { what: 'nothing at all', members: [] },
    { what: 'a name that leads out', members: [TOP, { name: 'top/../out' }] },
    { what: 'an absolute name beside the top', members: [TOP, { name: '/etc/passwd' }] },
    { what: 'a name beside the top', members: [TOP, { name: 'other/x' }] },
    { what: 'another top', members: [TOP, { name: 'other/', type: '5' }] },
    { what: 'no top', members: [{ name: 'top/x' }] },
    { what: 'a name twice', members: [TOP, { name: 'top/x' }, { name: 'top/x' }] },
    { what: 'a folder twice', members: [TOP, { name: 'top/x/', type: '5' }, { name: 'top/x/', type: '5' }] },
    { what: 'a file below a symlink', members: [TOP, { name: 'top/x', type: '2', target: '/' }, { name: 'top/x/y' }] },
    { what: 'a file below a file', members: [TOP, { name: 'top/x' }, { name: 'top/x/y' }] },
    { what: 'a file in a folder that was never named', members: [TOP, { name: 'top/x/y' }] },
    {
      what: 'a folder that is left and entered again',
      members: [TOP, { name: 'top/x/', type: '5' }, { name: 'top/y' }, { name: 'top/x/z' }],
    },
    {
      what: 'a hard link that leads out',
      members: [TOP, { name: 'top/x', type: '1', target: 'top/../../etc/passwd' }],
    },
    { what: 'a hard link to something beside', members: [TOP, { name: 'top/x', type: '1', target: 'etc/passwd' }] },
    { what: 'an unknown type', members: [TOP, { name: 'top/x', type: 'Z' }] },
  ])('is refused with $what', async ({ members }) => {
    await expect(readMade(members)).rejects.toMatchObject({ code: 'ARCHIVE' })
  })

  test('is refused when something follows its end, and when the second block of the end is missing', async () => {
    const whole = tarBytes([TOP])
    await expect(read(pieces(Buffer.concat([whole, tarBytes([TOP])])))).rejects.toThrow('follows the end')
    await expect(read(pieces(Buffer.concat([tarBytes([TOP], { end: false }), Buffer.alloc(BLOCK)])))).rejects.toThrow(
      'too early',
    )
    await expect(
      read(pieces(Buffer.concat([tarBytes([TOP], { end: false }), Buffer.alloc(BLOCK), tarBytes([TOP])]))),
    ).rejects.toThrow('no proper end')
  })

  test('is not finished before it was walked to its end', async () => {
    await using tar = await openOrderedTar(pieces(tarBytes([TOP, { name: 'top/a', content: 'a' }])))
    expect(() => tar.finish()).toThrow('not read to its end')
  })

  test('passes on what its source throws', async () => {
    const lost = new Error('the line is down')
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield tarBytes([TOP, { name: 'top/a', content: 'a'.repeat(2000) }], { end: false }).subarray(0, 1536)
      throw lost
    }
    await expect(read(source())).rejects.toBe(lost)
  })
})
