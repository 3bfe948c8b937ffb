import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { setTimes, setTimesOfDescriptor } from './times.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'times-'))
  writeFileSync(Buffer.from(`${directory}/\xff`, 'latin1'), '')
})

afterEach(() => rmSync(directory, { recursive: true }))

const TIMES = [
  { atimeNs: 1_700_000_000_123_456_789n, mtimeNs: 1_600_000_000_000_000_001n },
  { atimeNs: 0n, mtimeNs: 999_999_999n },
  { atimeNs: -1n, mtimeNs: -1_500_000_000n },
]

test.for(TIMES)('times are set to the nanosecond, before 1970 too: %o', (times) => {
  setTimes(`${directory}/\xff`, times)
  expect(statSync(Buffer.from(`${directory}/\xff`, 'latin1'), { bigint: true })).toMatchObject(times)
})

test.for(TIMES)('an open file gets its times as well: %o', (times) => {
  const descriptor = openSync(join(directory, 'open'), 'w')
  setTimesOfDescriptor(descriptor, times)
  closeSync(descriptor)
  expect(statSync(join(directory, 'open'), { bigint: true })).toMatchObject(times)
})

test('a symlink gets times of its own', () => {
  writeFileSync(join(directory, 'file'), '')
  const before = statSync(join(directory, 'file'), { bigint: true }).mtimeNs
  symlinkSync('file', join(directory, 'link'))
  setTimes(join(directory, 'link'), { atimeNs: 5n, mtimeNs: 7n })
  expect(lstatSync(join(directory, 'link'), { bigint: true }).mtimeNs).toBe(7n)
  expect(statSync(join(directory, 'file'), { bigint: true }).mtimeNs).toBe(before)
})

test('trouble is thrown', () => {
  expect(() => setTimes(join(directory, 'nowhere'), { atimeNs: 0n, mtimeNs: 0n })).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  )
  expect(() => setTimesOfDescriptor(-1, { atimeNs: 0n, mtimeNs: 0n })).toThrow(
    expect.objectContaining({ code: 'EBADF' }),
  )
})
