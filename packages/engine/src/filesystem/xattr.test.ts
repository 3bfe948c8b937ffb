import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hasUserAttributes } from './attributes.test.support.ts'
import {
  listExtendedAttributes,
  readExtendedAttribute,
  readExtendedAttributes,
  removeExtendedAttribute,
  writeExtendedAttribute,
} from './xattr.ts'

let directory = ''

beforeEach(({ skip }) => {
  if (!hasUserAttributes) skip('the temporary directory has no extended attributes')
  directory = mkdtempSync(join(tmpdir(), 'xattr-'))
  writeFileSync(join(directory, 'file'), '')
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const VALUES: readonly [string, Buffer][] = [
  ['user.text', Buffer.from('plain')],
  ['user.empty', Buffer.alloc(0)],
  ['user.binary', Buffer.from([0, 255, 10, 0])],
  ['user.na\xffme\n', Buffer.from('x')],
  ['user.long', Buffer.alloc(2000, 7)],
]

for (const [kind, open] of [
  ['path', () => join(directory, 'file')],
  ['descriptor', () => openSync(join(directory, 'file'), 'r')],
] as const) {
  test(`attributes written by ${kind} are read back, whatever their bytes`, () => {
    const owner = open()
    for (const [name, value] of VALUES) writeExtendedAttribute(owner, { name, value })
    const found = readExtendedAttributes(owner).toSorted((left, right) => (left.name < right.name ? -1 : 1))
    expect(found).toEqual(
      VALUES.map(([name, value]) => ({ name, value })).toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    )
    removeExtendedAttribute(owner, 'user.text')
    removeExtendedAttribute(owner, 'user.text')
    expect(readExtendedAttribute(owner, 'user.text')).toBeUndefined()
    expect(listExtendedAttributes(owner)).toHaveLength(VALUES.length - 1)
    if (typeof owner === 'number') closeSync(owner)
  })
}

test('a value replaces the one before it, and null means an empty one', () => {
  const path = join(directory, 'file')
  writeExtendedAttribute(path, { name: 'user.a', value: Buffer.from('a long value') })
  writeExtendedAttribute(path, { name: 'user.a', value: Buffer.from('short') })
  expect(readExtendedAttribute(path, 'user.a')?.toString()).toBe('short')
  writeExtendedAttribute(path, { name: 'user.a', value: null })
  expect(readExtendedAttribute(path, 'user.a')?.length).toBe(0)
})

test('a symlink is asked itself, not what it leads to', () => {
  writeExtendedAttribute(join(directory, 'file'), { name: 'user.a', value: Buffer.from('1') })
  symlinkSync('file', join(directory, 'link'))
  expect(readExtendedAttributes(join(directory, 'link'))).toEqual([])
})

test('files without attributes and file systems without any have none', () => {
  expect(readExtendedAttributes(join(directory, 'file'))).toEqual([])
  expect(readExtendedAttributes('/proc/self/stat')).toEqual([])
})

test('trouble is thrown with the path', () => {
  expect(() => readExtendedAttributes(join(directory, 'nowhere'))).toThrow(
    expect.objectContaining({ code: 'ENOENT', path: join(directory, 'nowhere') }),
  )
  expect(() => writeExtendedAttribute(join(directory, 'file'), { name: 'nonsense', value: null })).toThrow(
    expect.objectContaining({ code: 'ENOTSUP' }),
  )
})

test('what another program set is found', () => {
  mkdirSync(join(directory, '-x'))
  execFileSync('setfattr', ['-n', 'user.by', '-v', 'setfattr', join(directory, '-x')])
  expect(readExtendedAttributes(join(directory, '-x'))).toEqual([{ name: 'user.by', value: Buffer.from('setfattr') }])
})
