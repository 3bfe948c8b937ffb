import { createHash } from 'node:crypto'
import { link, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { dump, openLocalBackend, openRepository, type DumpOptions, type Repository } from '@hikae/engine'
import {
  bytesOf,
  compareTrees,
  findProgram,
  findRestic,
  isRoot,
  makeHostileTree,
  makeTempDir,
  missingPrograms,
  Restic,
  runOk,
  skipBecause,
  type TempDir,
} from '@hikae/testkit'
import { ZipWriter } from '../src/operations/dump/zip.ts'
import type { Node } from '../src/tree/node.ts'

const binary = await findRestic('0.17.0')
const missing =
  (await missingPrograms('bash', 'setfattr', 'setfacl', 'getfattr', 'tar', 'unzip')) ??
  (binary === undefined ? 'no restic 0.17 or later' : undefined)
const python = await findProgram('python3')
const PASSWORD = 'test'
const MEBIBYTE = 1024 * 1024

async function backedUp(dir: TempDir, fill: (source: string) => Promise<void>): Promise<Restic> {
  const source = dir.join('source')
  await mkdir(source)
  await fill(source)
  const restic = new Restic({ binary: binary!, repository: dir.join('repository'), password: PASSWORD })
  await restic.initCheaply()
  await restic.backup(['.'], [], { cwd: source })
  return restic
}

async function open(dir: TempDir): Promise<Repository> {
  const repository = await openRepository(await openLocalBackend(dir.join('repository')), { password: PASSWORD })
  await repository.loadIndex()
  return repository
}

/** Writes a dump of the latest snapshot to a file and gives its path. */
async function dumpTo(dir: TempDir, name: string, path: string, options?: DumpOptions): Promise<string> {
  await using repository = await open(dir)
  const parts: Uint8Array[] = []
  for await (const part of dump(repository, (await repository.snapshots()).at(-1)!, path, options)) parts.push(part)
  await writeFile(dir.join(name), Buffer.concat(parts))
  return dir.join(name)
}

describe.skipIf(skipBecause(missing))('dumping', () => {
  test('gives the bytes of a file, however many parts it has', async ({ expect }) => {
    await using dir = await makeTempDir()
    const content = bytesOf('large', 20 * MEBIBYTE, 'half')
    const restic = await backedUp(dir, async (source) => {
      await mkdir(join(source, 'a'))
      await writeFile(join(source, 'a/large'), content)
      await writeFile(join(source, 'empty'), '')
    })
    expect(hash(await readFile(await dumpTo(dir, 'out', '/a/large')))).toBe(hash(content))
    expect(hash(await readFile(await dumpTo(dir, 'out', 'large', { root: '/a' })))).toBe(hash(content))
    expect(await readFile(await dumpTo(dir, 'out', '/empty'))).toHaveLength(0)
    const { stdoutBytes } = await restic.ok(['dump', 'latest', '/a/large'])
    expect(hash(stdoutBytes)).toBe(hash(content))
    await expect(dumpTo(dir, 'out', '/nothing')).rejects.toMatchObject({ code: 'PATH_MISSING' })
  })

  test('makes a tar file from which GNU tar brings back a hostile tree with all metadata', async ({ expect }) => {
    await using dir = await makeTempDir()
    await backedUp(dir, (source) => makeHostileTree(source))
    const archive = await dumpTo(dir, 'out.tar', '/')
    await mkdir(dir.join('target'))
    const options = ['--xattrs', '--xattrs-include=*', '--same-permissions', ...(isRoot() ? ['--same-owner'] : [])]
    await runOk('tar', ['-x', '-f', archive, '-C', dir.join('target'), '--numeric-owner', ...options])
    const differences = await compareTrees(dir.join('source'), dir.join('target'), {
      // A tar file knows further names of regular files only.
      without: (path, { type }) => type === 'socket' || path === 'specials/same fifo' || path.endsWith('same symlink'),
      root: false,
    })
    expect(differences).toEqual([])
  })

  test('names what is in a tar file as restic does, and links further names', async ({ expect }) => {
    await using dir = await makeTempDir()
    const restic = await backedUp(dir, async (source) => {
      await mkdir(join(source, 'a/b'), { recursive: true })
      await writeFile(join(source, 'a/b/file'), 'content')
      await link(join(source, 'a/b/file'), join(source, 'a/linked'))
    })
    const list = async (path: string) => (await runOk('tar', ['-t', '-f', path])).stdout
    for (const path of ['/', '/a', '/a/b']) {
      const theirs = dir.join('theirs.tar')
      await writeFile(theirs, (await restic.ok(['dump', 'latest', path])).stdoutBytes)
      expect(await list(await dumpTo(dir, 'ours.tar', path))).toBe(await list(theirs))
    }
    const verbose = (await runOk('tar', ['-tv', '-f', await dumpTo(dir, 'ours.tar', '/')])).stdout
    expect(verbose).toContain('a/linked link to a/b/file')
  })

  test('gives what is dumped another name, itself included', async ({ expect }) => {
    await using dir = await makeTempDir()
    await backedUp(dir, async (source) => {
      await mkdir(join(source, 'a/b'), { recursive: true, mode: 0o750 })
      await writeFile(join(source, 'a/b/file'), 'content')
      await link(join(source, 'a/b/file'), join(source, 'a/linked'))
    })
    const list = async (path: string, as: string): Promise<string[]> => {
      const { stdout } = await runOk('tar', ['-tv', '-f', await dumpTo(dir, 'out.tar', path, { as })])
      return stdout
        .trim()
        .split('\n')
        .map((line) => `${line.slice(0, 10)} ${line.split(/:\d\d /)[1]}`)
    }
    expect(await list('/a', 'app/new')).toEqual([
      'drwxr-x--- app/new/',
      'drwxr-x--- app/new/b/',
      '-rw-r--r-- app/new/b/file',
      'hrw-r--r-- app/new/linked link to app/new/b/file',
    ])
    expect(await list('/a/b/file', 'alone')).toEqual(['-rw-r--r-- alone'])
  })

  test('makes a zip file that unzip and Python find whole', async ({ expect }) => {
    await using dir = await makeTempDir()
    await backedUp(dir, async (source) => {
      await makeHostileTree(source, { size: 'small' })
      await writeFile(join(source, 'large'), bytesOf('large', 11 * MEBIBYTE, 'half'))
    })
    const archive = await dumpTo(dir, 'out.zip', '/', { format: 'zip' })
    await runOk('unzip', ['-q', '-t', archive])
    await mkdir(dir.join('target'))
    await runOk('unzip', ['-q', archive, 'large', 'contents/*', 'links/*', 'modes/*', '-d', dir.join('target')])
    for (const part of ['contents', 'modes']) {
      const differences = await compareTrees(dir.join('source', part), dir.join('target', part), {
        ignore: ['mtimeNs', 'owner', 'attributes'],
        root: false,
      })
      // Set-id bits are not given to whoever unpacks.
      expect(differences.filter(({ what, expected }) => what !== 'mode' || expected.startsWith('0'))).toEqual([])
    }
    expect(hash(await readFile(dir.join('target/large')))).toBe(hash(await readFile(dir.join('source/large'))))
    if (python === undefined) return
    const script = 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.infolist()))'
    expect((await runOk(python, ['-c', script, archive])).stdout).toMatch(/^None \d{3,}\n$/)
  })

  test('makes zip files with more entries and larger sizes than the old format can count', async ({ expect }) => {
    await using dir = await makeTempDir()
    const writer = new ZipWriter()
    const parts: Uint8Array[] = []
    const node: Node = {
      name: '',
      type: 'file',
      mode: 0o644,
      mtime: '2026-01-02T03:04:05Z',
      atime: '2026-01-02T03:04:05Z',
      ctime: '2026-01-02T03:04:05Z',
      uid: 0,
      gid: 0,
      content: [],
    }
    // It ends up shorter than announced, but in the form that a long one needs.
    for await (const part of writer.entry({ kind: 'entry', path: 'announced', node, size: 2 ** 33 })) parts.push(part)
    for await (const part of writer.content(Buffer.from('content'))) parts.push(part)
    for (let number = 0; number < 66_000; number++) {
      for await (const part of writer.entry({ kind: 'entry', path: `${number}`, node, size: 0 })) parts.push(part)
    }
    for await (const part of writer.end()) parts.push(part)
    await writeFile(dir.join('many.zip'), Buffer.concat(parts))
    await runOk('unzip', ['-q', '-t', dir.join('many.zip')])
    expect((await runOk('unzip', ['-Z', '-t', dir.join('many.zip')])).stdout).toContain('66001 files')
    expect((await runOk('unzip', ['-p', dir.join('many.zip'), 'announced'])).stdout).toBe('content')
  })

  test('ends with an error that names the file when content cannot be read', async ({ expect }) => {
    await using dir = await makeTempDir()
    const restic = await backedUp(dir, async (source) => {
      await writeFile(join(source, 'file'), bytesOf('file', 100_000))
    })
    const packs = (await restic.ok(['list', 'packs'])).stdout.trim().split('\n')
    for (const pack of packs) {
      const path = join(restic.repository, 'data', pack.slice(0, 2), pack)
      const content = await readFile(path)
      if (content.length < 50_000) continue
      content[1000]! ^= 1
      await runOk('chmod', ['u+w', path])
      await writeFile(path, content)
    }
    for (const options of [{ format: 'tar' }, { format: 'zip' }] as const) {
      const run = dumpTo(dir, 'out', '/', options)
      await expect(run).rejects.toMatchObject({ code: 'DAMAGED', message: expect.stringContaining('/file') })
    }
    await expect(dumpTo(dir, 'out', '/file')).rejects.toMatchObject({ code: 'DAMAGED' })
  })
})

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
