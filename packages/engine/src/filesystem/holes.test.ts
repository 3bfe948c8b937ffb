import { closeSync, fstatSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dataRanges, preallocate, punchHole } from './holes.ts'

const MIB = 1 << 20
let directory: string
let descriptor: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holes-'))
  descriptor = openSync(join(directory, 'file'), 'w+')
})

afterEach(() => {
  closeSync(descriptor)
  rmSync(directory, { recursive: true })
})

/** A file system may know no holes; then the whole file is data. */
function knowsHoles(): boolean {
  ftruncateSync(descriptor, MIB)
  const known = [...dataRanges(descriptor, MIB)].length === 0
  ftruncateSync(descriptor, 0)
  return known
}

test('what was written is found between the holes', ({ skip }) => {
  if (!knowsHoles()) skip('the file system knows no holes')
  ftruncateSync(descriptor, 10 * MIB)
  writeSync(descriptor, Buffer.alloc(MIB, 1), 0, MIB, 2 * MIB)
  writeSync(descriptor, Buffer.alloc(MIB, 1), 0, MIB, 8 * MIB)
  expect([...dataRanges(descriptor, 10 * MIB)]).toEqual([
    { start: 2 * MIB, end: 3 * MIB },
    { start: 8 * MIB, end: 9 * MIB },
  ])
  expect([...dataRanges(descriptor, 2.5 * MIB)]).toEqual([{ start: 2 * MIB, end: 2.5 * MIB }])
})

test('an empty file has no data, and one without holes is one range', () => {
  expect([...dataRanges(descriptor, 0)]).toEqual([])
  writeSync(descriptor, Buffer.alloc(10_000, 1))
  expect([...dataRanges(descriptor, 10_000)]).toEqual([{ start: 0, end: 10_000 }])
})

test('preallocating reserves storage and leaves the length alone', ({ skip }) => {
  if (!preallocate(descriptor, MIB)) skip('the file system cannot preallocate')
  const { size, blocks } = fstatSync(descriptor)
  expect(size).toBe(0)
  expect(blocks * 512).toBeGreaterThanOrEqual(MIB)
  expect(preallocate(descriptor, 0)).toBe(true)
})

test('a punched hole reads as zeros', ({ skip }) => {
  writeSync(descriptor, Buffer.alloc(MIB, 1))
  if (!punchHole(descriptor, { start: MIB / 4, end: MIB / 2 })) skip('the file system cannot punch holes')
  const expected = Buffer.alloc(MIB, 1).fill(0, MIB / 4, MIB / 2)
  expect(readFileSync(join(directory, 'file')).equals(expected)).toBe(true)
})

test('trouble is thrown', () => {
  expect(() => preallocate(-1, 10)).toThrow(expect.objectContaining({ code: 'EBADF' }))
  expect(() => [...dataRanges(-1, 10)]).toThrow(expect.objectContaining({ code: 'EBADF' }))
})
