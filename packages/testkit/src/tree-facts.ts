import { createHash } from 'node:crypto'
import { createReadStream, type BigIntStats } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { readAttributes } from './getfattr.ts'

/** What one entry of a directory tree is, as far as a backup must bring it back. */
export interface EntryFacts {
  readonly type: string
  /** Permission bits, set-id and sticky included; octal. */
  readonly mode: string
  readonly owner: string
  readonly mtimeNs: bigint
  /** Regular files; bytes. */
  readonly size?: bigint
  /** Regular files; bytes that the file system has reserved. */
  readonly allocated?: bigint
  /** Regular files; SHA-256 of the content. */
  readonly content?: string
  /** Symbolic links; raw bytes as latin1. */
  readonly target?: string
  /** Devices; `major:minor` in one number. */
  readonly rdev?: bigint
  /** Paths that are the same file as this one, itself included; only when there are several in the tree. */
  readonly sameFile?: readonly string[]
  /** Lines of `name=hex value`, sorted; access control lists are among them. */
  readonly attributes: readonly string[]
}

/**
 * Everything below `root` by path, `.` being `root` itself. Paths are relative and are byte strings: latin1, one
 * character per byte. Attributes are read by `getfattr`, independently of the product.
 */
export async function readTreeFacts(root: string): Promise<Map<string, EntryFacts>> {
  const attributes = await readAttributes(root)
  const stats = new Map<string, BigIntStats>()
  await walk(root, '.', stats)
  const groups = hardLinkGroups(stats)
  const facts = new Map<string, EntryFacts>()
  for (const [path, found] of stats) {
    facts.set(path, {
      ...(await describeEntry(absolute(root, path), found)),
      ...(found.nlink > 1n && groups.has(inode(found)) && { sameFile: groups.get(inode(found))! }),
      attributes: attributes.get(path) ?? [],
    })
  }
  return facts
}

async function walk(root: string, path: string, into: Map<string, BigIntStats>): Promise<void> {
  const found = await lstat(absolute(root, path), { bigint: true })
  into.set(path, found)
  if (!found.isDirectory()) return
  const names = await readdir(absolute(root, path), { encoding: 'buffer' })
  for (const name of names.map((bytes) => bytes.toString('latin1')).sort()) {
    await walk(root, path === '.' ? name : `${path}/${name}`, into)
  }
}

async function describeEntry(path: Buffer, found: BigIntStats): Promise<Omit<EntryFacts, 'attributes'>> {
  const type = typeOf(found)
  const isFile = type === 'file'
  return {
    type,
    // Linux gives every symbolic link the mode 0777; it means nothing.
    mode: type === 'symlink' ? '' : (found.mode & 0o7777n).toString(8).padStart(4, '0'),
    owner: `${found.uid}:${found.gid}`,
    mtimeNs: found.mtimeNs,
    ...(isFile && { size: found.size, allocated: found.blocks * 512n, content: await hashFile(path, found.size) }),
    ...(type === 'symlink' && { target: (await readlink(path, { encoding: 'buffer' })).toString('latin1') }),
    ...(type.endsWith('device') && { rdev: found.rdev }),
  }
}

function typeOf(found: BigIntStats): string {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'directory'
  if (found.isSymbolicLink()) return 'symlink'
  if (found.isFIFO()) return 'fifo'
  if (found.isSocket()) return 'socket'
  return found.isBlockDevice() ? 'block device' : 'character device'
}

function hardLinkGroups(stats: ReadonlyMap<string, BigIntStats>): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [path, found] of stats) {
    if (found.isDirectory()) continue
    groups.set(inode(found), [...(groups.get(inode(found)) ?? []), path])
  }
  for (const [key, paths] of groups) if (paths.length < 2) groups.delete(key)
  return groups
}

function inode(found: BigIntStats): string {
  return `${found.dev}:${found.ino}`
}

async function hashFile(path: Buffer, size: bigint): Promise<string> {
  const hash = createHash('sha256')
  if (size < 1024n * 1024n) return hash.update(await readFile(path)).digest('hex')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}

function absolute(root: string, path: string): Buffer {
  return path === '.' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')])
}
