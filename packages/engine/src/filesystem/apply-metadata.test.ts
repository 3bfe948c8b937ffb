import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatTime } from '../json/go-time.ts'
import { goMode } from '../tree/mode.ts'
import { applyMetadata, applyMetadataToFile, type MetadataWarning, type NodeMetadata } from './apply-metadata.ts'
import { hasUserAttributes } from './attributes.test.support.ts'
import { createSpecial } from './create-special.ts'
import { lstat } from './metadata.ts'
import { readExtendedAttributes, writeExtendedAttribute } from './xattr.ts'

const isRoot = process.geteuid?.() === 0
const uid = process.getuid?.() ?? 0
const gid = process.getgid?.() ?? 0
let directory = ''
let warnings: MetadataWarning[]

beforeEach(({ skip }) => {
  if (!hasUserAttributes) skip('the temporary directory has no extended attributes')
  directory = mkdtempSync(join(tmpdir(), 'metadata-'))
  warnings = []
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const options = { privileged: isRoot, onWarning: (warning: MetadataWarning) => warnings.push(warning) }

function node(changes: Partial<NodeMetadata> & { posixMode?: number } = {}): NodeMetadata {
  const { posixMode = 0o100640, ...rest } = changes
  return {
    type: 'file',
    mode: goMode(posixMode),
    uid,
    gid,
    mtime: formatTime(1_600_000_000_123_456_789n),
    atime: formatTime(1_500_000_000_000_000_001n),
    ...rest,
  }
}

function makeFile(name = 'file'): string {
  const path = join(directory, name)
  writeFileSync(path, 'content')
  return path
}

function attributesOf(path: string): Record<string, string> {
  return Object.fromEntries(
    readExtendedAttributes(path).map(({ name, value }) => [name, Buffer.from(value ?? []).toString()]),
  )
}

for (const [way, applyTo] of [
  ['path', (path: string, metadata: NodeMetadata) => applyMetadata(path, metadata, options)],
  [
    'descriptor',
    (path: string, metadata: NodeMetadata) => {
      const descriptor = openSync(path, 'r+')
      applyMetadataToFile(descriptor, path, metadata, options)
      closeSync(descriptor)
    },
  ],
] as const) {
  describe(`by ${way}`, () => {
    test('a file gets times, mode and attributes, and loses the attributes it should not have', () => {
      const path = makeFile()
      writeExtendedAttribute(path, { name: 'user.old', value: Buffer.from('old') })
      writeExtendedAttribute(path, { name: 'user.same', value: Buffer.from('same') })
      writeExtendedAttribute(path, { name: 'user.changed', value: Buffer.from('before') })
      const extendedAttributes = [
        { name: 'user.same', value: Buffer.from('same') },
        { name: 'user.changed', value: Buffer.from('after') },
        { name: 'user.empty', value: null },
      ]
      applyTo(path, node({ posixMode: 0o101755, extendedAttributes }))
      expect(warnings).toEqual([])
      expect(lstat(path)).toMatchObject({
        mode: 0o101755,
        mtimeNs: 1_600_000_000_123_456_789n,
        atimeNs: 1_500_000_000_000_000_001n,
      })
      expect(attributesOf(path)).toEqual({ 'user.same': 'same', 'user.changed': 'after', 'user.empty': '' })
    })

    test.runIf(isRoot)('root gives a file away and keeps set-user-id and capabilities', () => {
      const path = makeFile()
      const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex')
      const extendedAttributes = [{ name: 'security.capability', value: capability }]
      applyTo(path, node({ uid: 1234, gid: 2345, posixMode: 0o106755, extendedAttributes }))
      expect(warnings).toEqual([])
      expect(lstat(path)).toMatchObject({ uid: 1234, gid: 2345, mode: 0o106755 })
      expect(readExtendedAttributes(path)).toEqual(extendedAttributes)
    })

    test('a read-only file is finished too', () => {
      const path = makeFile()
      applyTo(path, node({ posixMode: 0o100400, extendedAttributes: [{ name: 'user.a', value: Buffer.from('1') }] }))
      expect(warnings).toEqual([])
      expect(lstat(path).mode).toBe(0o100400)
    })
  })
}

test('POSIX ACLs come back, and an inherited one that the snapshot lacks goes', () => {
  const source = makeFile('source')
  execFileSync('setfacl', ['-m', 'u:1234:rw,g:2345:r', source])
  const target = makeFile('target')
  const { mode } = lstat(source)
  applyMetadata(target, node({ posixMode: mode, extendedAttributes: readExtendedAttributes(source) }), options)
  const acl = (path: string) =>
    execFileSync('getfacl', ['-n', '--omit-header', '--absolute-names', path], { encoding: 'utf8' })
  expect(acl(target)).toBe(acl(source))
  expect(acl(target)).toContain('user:1234:rw-')

  const parent = join(directory, 'parent')
  mkdirSync(parent)
  execFileSync('setfacl', ['-d', '-m', 'u:1234:rwx', parent])
  const heir = makeFile('parent/heir')
  expect(acl(heir)).toContain('user:1234')
  applyMetadata(heir, node(), options)
  expect(acl(heir)).not.toContain('user:1234')
  expect(lstat(heir).mode).toBe(0o100640)
  expect(warnings).toEqual([])
})

test('a symlink gets its own times and leaves what it leads to alone', () => {
  const path = makeFile()
  const before = lstat(path)
  const link = join(directory, 'link')
  symlinkSync('file', link)
  applyMetadata(link, node({ type: 'symlink', posixMode: 0o120777 }), options)
  expect(lstat(link).mtimeNs).toBe(1_600_000_000_123_456_789n)
  expect(lstat(path)).toEqual(before)
  expect(warnings).toEqual([])
})

test('directories and FIFOs get theirs', () => {
  const sub = join(directory, 'sub')
  mkdirSync(sub)
  applyMetadata(sub, node({ type: 'dir', posixMode: 0o042711 }), options)
  expect(lstat(sub)).toMatchObject({ mode: 0o042711, mtimeNs: 1_600_000_000_123_456_789n })
  const fifo = join(directory, 'fifo')
  createSpecial(fifo, 'fifo')
  applyMetadata(fifo, node({ type: 'fifo', posixMode: 0o010604 }), options)
  expect(lstat(fifo)).toMatchObject({ mode: 0o010604, mtimeNs: 1_600_000_000_123_456_789n })
  expect(warnings).toEqual([])
})

test('what cannot be done is a warning, and the rest is done', () => {
  const path = makeFile()
  applyMetadata(path, node({ extendedAttributes: [{ name: 'no-namespace', value: Buffer.from('1') }] }), options)
  expect(warnings.map(({ part, error }) => [part, 'code' in error && error.code])).toEqual([
    ['extended attributes', 'ENOTSUP'],
  ])
  expect(lstat(path)).toMatchObject({ mode: 0o100640, mtimeNs: 1_600_000_000_123_456_789n })
  warnings = []
  applyMetadata(join(directory, 'gone'), node(), { ...options, privileged: true })
  expect(warnings.map(({ part }) => part)).toEqual(['owner', 'extended attributes', 'times', 'mode'])
})

test('attributes that are not wanted are neither set nor removed', () => {
  const path = makeFile()
  writeExtendedAttribute(path, { name: 'user.keep', value: Buffer.from('1') })
  const extendedAttributes = [
    { name: 'user.skip', value: Buffer.from('1') },
    { name: 'user.set', value: Buffer.from('1') },
  ]
  const wantsAttribute = (name: string) => name === 'user.set'
  applyMetadata(path, node({ extendedAttributes }), { ...options, wantsAttribute })
  expect(Object.keys(attributesOf(path)).sort()).toEqual(['user.keep', 'user.set'])
})

describe.skipIf(isRoot)('someone who is not root', () => {
  test('gets no warnings about owners and attributes that only root may set', () => {
    const path = makeFile()
    const extendedAttributes = [{ name: 'trusted.a', value: Buffer.from('1') }]
    applyMetadata(path, node({ uid: uid + 1, extendedAttributes }), options)
    expect(warnings).toEqual([])
    expect(lstat(path)).toMatchObject({ uid, mode: 0o100640 })
  })

  test('does not get a file that runs with their rights in place of another user', () => {
    const path = makeFile()
    chmodSync(path, 0o700)
    applyMetadata(path, node({ uid: uid + 1, posixMode: 0o104755 }), options)
    expect(lstatSync(path).mode & 0o7777).toBe(0o755)
    expect(warnings.map(({ part }) => part)).toEqual(['mode'])
  })
})
