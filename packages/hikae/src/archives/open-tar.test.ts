import { mkdir, readdir, writeFile } from 'node:fs/promises'
import type { DirectoryEntry, Entry } from '@hikae/engine'
import { collect, makeTempDir, missingPrograms, runOk, skipBecause, type TempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import type { Compression } from './archive-name.ts'
import { openTar } from './open-tar.ts'
import { type HandMade, paxBlock, tarBytes } from './tar/tar-bytes.test.support.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})

const signal = new AbortController().signal
const TIME = 1_700_000_000_000_000_000n

interface Read {
  readonly entries: ReadonlyMap<string, Entry>
  /** Of files, by path. */
  readonly contents: Readonly<Record<string, string>>
  readonly remarks: readonly string[]
}

async function read(path: string, dir: TempDir, compression: Compression = 'none'): Promise<Read> {
  const scratch = dir.join('scratch')
  await mkdir(scratch, { recursive: true })
  await using tar = await openTar(Buffer.from(path), { compression, scratch, timeNs: TIME, signal })
  const entries = new Map<string, Entry>()
  const contents: Record<string, string> = {}
  await walk(tar.root, '', entries, contents)
  return { entries, contents, remarks: tar.remarks }
}

async function walk(
  directory: DirectoryEntry,
  path: string,
  entries: Map<string, Entry>,
  contents: Record<string, string>,
): Promise<void> {
  for await (const entry of directory.children(signal)) {
    const name = `${path}${entry.kind === 'unreadable' ? entry.path : entry.name}`
    entries.set(name, entry)
    if (entry.kind === 'directory') await walk(entry, `${name}/`, entries, contents)
    if (entry.kind !== 'file' || entry.content.kind !== 'stream') continue
    contents[name] = Buffer.concat(await collect(entry.content.open(signal))).toString('latin1')
  }
}

async function readMade(dir: TempDir, members: readonly HandMade[], options?: { end?: boolean }): Promise<Read> {
  await writeFile(dir.join('made.tar'), tarBytes(members, options))
  return read(dir.join('made.tar'), dir)
}

const noPackers = skipBecause(await missingPrograms('tar', 'xz', 'bzip2', 'zstd'))

describe.skipIf(noPackers)('what GNU tar writes', () => {
  test.for(['gnu', 'pax', 'ustar', 'v7', 'oldgnu'])('is read in its format %s', async (format, { dir, expect }) => {
    const tree = dir.join('tree')
    await mkdir(`${tree}/a/b`, { recursive: true })
    await writeFile(`${tree}/a/b/file`, 'content', { mode: 0o640 })
    await runOk('sh', ['-c', 'ln -s ../target link && ln a/b/file zz && touch -d @1600000000 a/b/file'], { cwd: tree })
    await runOk('tar', [`--format=${format}`, '-cf', dir.join('x.tar'), '-C', tree, '.'])
    const { entries, contents } = await read(dir.join('x.tar'), dir)
    expect([...entries.keys()].toSorted()).toEqual(['a', 'a/b', 'a/b/file', 'link', 'zz'])
    expect(contents).toEqual({ 'a/b/file': 'content', zz: 'content' })
    expect(entries.get('link')).toMatchObject({ kind: 'symlink', target: '../target' })
    const file = entries.get('a/b/file') as Extract<Entry, { kind: 'file' }>
    expect(file.metadata).toMatchObject({ mode: 0o100_640, mtimeNs: 1_600_000_000_000_000_000n, links: 2n })
    const other = entries.get('zz') as Extract<Entry, { kind: 'file' }>
    expect(other.metadata.inode).toBe(file.metadata.inode)
    expect(other.metadata.inode).not.toBe(0n)
  })

  test.for(['gnu', 'pax'])(
    'has long names and names that are not UTF-8, in its format %s',
    async (format, { dir, expect }) => {
      const long = 'x'.repeat(200)
      const made = 'mkdir -p tree/$0 && touch tree/$0/$0 "tree/$(printf "caf\\351")" && ln -s $0/$0/$0 tree/to'
      await runOk('sh', ['-c', made, long], { cwd: dir.path })
      await runOk('tar', [`--format=${format}`, '-cf', 'x.tar', '-C', 'tree', '.'], { cwd: dir.path })
      const { entries } = await read(dir.join('x.tar'), dir)
      expect([...entries.keys()].toSorted()).toEqual(['caf\xe9', 'to', long, `${long}/${long}`])
      expect(entries.get('to')).toMatchObject({ target: `${long}/${long}/${long}` })
    },
  )

  test.for([
    ['gnu', '--sparse'],
    ['pax', '--sparse', '--sparse-version=0.0'],
    ['pax', '--sparse', '--sparse-version=0.1'],
    ['pax', '--sparse', '--sparse-version=1.0'],
  ])('has sparse files with all their zeros: %s', async ([format, ...options], { dir, expect }) => {
    const holes = 'for at in $(seq 1 40); do printf x$at | dd of=s bs=1 seek=${at}00000 conv=notrunc status=none; done'
    await runOk('sh', ['-c', `${holes}; truncate -s 5000000 s; echo after > t`], { cwd: dir.path })
    await runOk('tar', [`--format=${format}`, ...options, '-cf', 'x.tar', 's', 't'], { cwd: dir.path })
    const { contents } = await read(dir.join('x.tar'), dir)
    expect(contents['t']).toBe('after\n')
    const { stdout } = await runOk('sha256sum', ['s'], { cwd: dir.path })
    await writeFile(dir.join('read'), contents['s']!, 'latin1')
    expect((await runOk('sha256sum', ['read'], { cwd: dir.path })).stdout.split(' ')[0]).toBe(stdout.split(' ')[0])
  })

  test.for([
    ['gzip', 'gzip'],
    ['zstd', 'zstd'],
    ['xz', 'xz'],
    ['bzip2', 'bzip2'],
  ] as const)('is unpacked from %s, and leaves nothing in scratch', async ([compression, program], { dir, expect }) => {
    await writeFile(dir.join('f'), 'content')
    await runOk('sh', ['-c', `tar -c f | ${program} > x`], { cwd: dir.path })
    expect((await read(dir.join('x'), dir, compression)).contents).toEqual({ f: 'content' })
    expect(await readdir(dir.join('scratch'))).toEqual([])
  })

  test('that was appended to has what came last', async ({ dir, expect }) => {
    const made = 'echo one > f; echo other > g; tar -cf x.tar f g; echo two > f; tar -rf x.tar f'
    await runOk('sh', ['-c', made], { cwd: dir.path })
    expect((await read(dir.join('x.tar'), dir)).contents).toEqual({ f: 'two\n', g: 'other\n' })
  })
})

describe('what an extended header says', () => {
  test('holds: nanoseconds, attributes of any bytes, a large owner, global records', async ({ dir, expect }) => {
    const { entries } = await readMade(dir, [
      paxBlock([['uid', '3000000000']], 'g'),
      paxBlock([
        ['mtime', '-1.5'],
        ['SCHILY.xattr.user.a%3Db', 'v\0=\n\xff'],
        ['LIBARCHIVE.xattr.user.c', 'YWJj'],
        ['path', 'caf\xe9'],
      ]),
      { name: 'short' },
      { name: 'next' },
    ])
    const file = entries.get('caf\xe9') as Extract<Entry, { kind: 'file' }>
    expect(file.metadata).toMatchObject({ mtimeNs: -1_500_000_000n, uid: 3_000_000_000 })
    expect(file.extendedAttributes!().map(({ name, value }) => [name, Buffer.from(value!).toString('latin1')])).toEqual(
      [
        ['user.c', 'abc'],
        ['user.a=b', 'v\0=\n\xff'],
      ],
    )
    expect(entries.get('next')).toMatchObject({ metadata: { uid: 3_000_000_000, mtimeNs: TIME } })
  })

  test('about access lists is told of, because it is not kept', async ({ dir, expect }) => {
    const { remarks } = await readMade(dir, [paxBlock([['SCHILY.acl.access', 'user::rw-']]), { name: 'f' }])
    expect(remarks).toEqual(['1 entries have access lists or labels in a form that is not kept'])
  })
})

describe('a hostile archive', () => {
  test.for([
    ['../x', /\.\.\/x leads out/],
    ['a/../../x', /leads out/],
    ['/..', /leads out/],
  ] as const)('is refused by the name %s', async ([name, message], { dir, expect }) => {
    await expect(readMade(dir, [{ name: 'good' }, { name, content: 'x' }])).rejects.toThrow(message)
  })

  test('with a link that leads out keeps the link as it is, and reads nothing through it', async ({ dir, expect }) => {
    const { entries, contents } = await readMade(dir, [{ name: 'l', type: '2', target: '../../etc/passwd' }])
    expect(entries.get('l')).toMatchObject({ kind: 'symlink', target: '../../etc/passwd' })
    expect(contents).toEqual({})
  })

  test('with absolute names has them below its root, and says so', async ({ dir, expect }) => {
    const { contents, remarks } = await readMade(dir, [{ name: '/etc/passwd', content: 'x' }])
    expect(contents).toEqual({ 'etc/passwd': 'x' })
    expect(remarks).toEqual(['1 names begin with a slash, which was left out, as tar does'])
  })

  test.for([
    { what: 'a directory where a link is', members: [{ name: 'a', type: '2', target: '/etc' }, { name: 'a/passwd' }] },
    { what: 'a directory where a file is', members: [{ name: 'a' }, { name: 'a/', type: '5' }] },
    { what: 'a file where a directory is', members: [{ name: 'a/b' }, { name: 'a' }] },
  ])('is refused for $what', async ({ members }, { dir, expect }) => {
    await expect(readMade(dir, members)).rejects.toThrow(/is there as a directory and as something else/)
  })

  test('links to what is not in it, which is named, and nothing else is lost', async ({ dir, expect }) => {
    const { entries, contents } = await readMade(dir, [
      { name: 'a', content: 'x' },
      { name: 'b', type: '1', target: '/etc/shadow' },
    ])
    expect(contents).toEqual({ a: 'x' })
    expect(entries.get('b')).toMatchObject({ kind: 'unreadable', error: { message: /hard link to \/etc\/shadow/ } })
  })

  test('with a hard link that leads out is refused', async ({ dir, expect }) => {
    const members = [{ name: 'a' }, { name: 'b', type: '1', target: '../etc/shadow' }]
    await expect(readMade(dir, members)).rejects.toThrow('the name ../etc/shadow leads out of the archive')
  })

  test.for([
    { what: 'a size beyond all numbers', members: [{ name: 'f', size: 0o7777_7777_777 }] },
    { what: 'a map of a sparse file beyond its end', members: [sparse('0,100', '10'), { name: 'f', content: 'x' }] },
    { what: 'a map that overlaps', members: [sparse('0,1,0,1', '10'), { name: 'f', content: 'xx' }] },
    {
      what: 'a record that is longer than its header',
      members: [{ name: 'x', type: 'x', content: '99 path=a\n' }, { name: 'f' }],
    },
    { what: 'a time that is none', members: [paxBlock([['mtime', 'now']]), { name: 'f' }] },
    { what: 'an entry of no known type', members: [{ name: 'f', type: 'Q' }] },
    { what: 'an extended header at its end', members: [paxBlock([['path', 'a']])] },
  ])('is refused for $what', async ({ members }, { dir, expect }) => {
    await expect(readMade(dir, members)).rejects.toMatchObject({ code: 'ARCHIVE' })
  })
})

function sparse(map: string, size: string): HandMade {
  return paxBlock([
    ['GNU.sparse.map', map],
    ['GNU.sparse.size', size],
  ])
}

describe('a damaged archive', () => {
  test.for([{ end: 512 * 2 }, { end: 512 + 100 }, { end: 300 }])(
    'cut after $end bytes is refused',
    async ({ end }, { dir, expect }) => {
      const whole = tarBytes([{ name: 'f', content: 'x'.repeat(400) }])
      await writeFile(dir.join('cut.tar'), whole.subarray(0, end))
      await expect(read(dir.join('cut.tar'), dir)).rejects.toThrow('the archive ends too early')
    },
  )

  test('with a flipped bit in a header is refused', async ({ dir, expect }) => {
    const bytes = tarBytes([{ name: 'f', content: 'x' }])
    bytes[20]! ^= 1
    await writeFile(dir.join('bad.tar'), bytes)
    await expect(read(dir.join('bad.tar'), dir)).rejects.toThrow('wrong checksum')
  })

  test('followed by another one is refused: half of it would be missing', async ({ dir, expect }) => {
    await writeFile(dir.join('two.tar'), Buffer.concat([tarBytes([{ name: 'a' }]), tarBytes([{ name: 'b' }])]))
    await expect(read(dir.join('two.tar'), dir)).rejects.toThrow('something follows the end of the archive')
  })
})
