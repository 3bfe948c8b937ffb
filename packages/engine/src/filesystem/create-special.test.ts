import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSpecial } from './create-special.ts'
import { lstat } from './metadata.ts'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/special-`)
  path = `${directory}/-\xff\n`
})

afterEach(() => rmSync(directory, { recursive: true }))

test('a FIFO is made, for its owner only', () => {
  createSpecial(path, 'fifo')
  const stats = lstatSync(Buffer.from(path, 'latin1'))
  expect(stats.isFIFO()).toBe(true)
  expect(stats.mode & 0o077).toBe(0)
})

test('nothing is replaced', () => {
  createSpecial(path, 'fifo')
  expect(() => createSpecial(path, 'fifo')).toThrow(expect.objectContaining({ code: 'EEXIST' }))
})

test('devices come back with their numbers, or are refused to those who may not make them', ({ skip }) => {
  try {
    createSpecial(path, 'chardev', 286_338_160n) // 300, 70000
  } catch (error) {
    expect(error).toMatchObject({ code: 'EPERM' })
    skip('this process may not make device nodes')
  }
  expect(lstat(path)).toMatchObject({ rdev: 286_338_160n })
  expect(lstatSync(Buffer.from(path, 'latin1')).isCharacterDevice()).toBe(true)
  createSpecial(`${path}b`, 'dev', 0x0801n)
  expect(lstat(`${path}b`).rdev).toBe(0x0801n)
  expect(lstatSync(Buffer.from(`${path}b`, 'latin1')).isBlockDevice()).toBe(true)
})
