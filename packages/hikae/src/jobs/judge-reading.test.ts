import { describe, test } from 'vitest'
import type { JudgedReading } from '../points/read-source.ts'
import { judgeReading } from './judge-reading.ts'

const reading = { facts: {}, findings: [], isEmpty: false }
const strict = { mostShrinkage: 0.5, mayBeEmpty: false }

function judged(files: number, bytes: number, previous?: { files: number; bytes: number }): JudgedReading {
  return { reading, size: { files, bytes }, ...(previous && { previous }) }
}

describe('a reading', () => {
  test.for([
    ['of the first time', judged(1, 1)],
    ['that has grown', judged(100, 9_000_000, { files: 50, bytes: 1_000_000 })],
    ['that has lost as much as it may', judged(50, 500_000, { files: 100, bytes: 1_000_000 })],
    ['of little, which has lost most of it', judged(1, 10, { files: 19, bytes: 60_000 })],
  ] as const)('%s is believed', ([, what], { expect }) => {
    expect(judgeReading(what, strict)).toEqual([])
  })

  test.for([
    ['bytes', judged(100, 490_000, { files: 100, bytes: 1_000_000 }), 'lost 51 %'],
    ['files', judged(10, 1_000_000, { files: 100, bytes: 1_000_000 }), 'lost 90 %'],
  ] as const)('that has lost too many %s is not, unless that is accepted', ([, what, message], { expect }) => {
    expect(judgeReading(what, strict)).toEqual([
      expect.objectContaining({ severity: 'error', message: expect.stringContaining(message) as string }),
    ])
    expect(judgeReading(what, { ...strict, mostShrinkage: 1 })).toEqual([])
  })

  test('of nothing is not believed, unless that is allowed', ({ expect }) => {
    const nothing: JudgedReading = { reading: { ...reading, isEmpty: true }, size: { files: 1, bytes: 500 } }
    expect(judgeReading(nothing, strict)).toHaveLength(1)
    expect(judgeReading(nothing, { ...strict, mayBeEmpty: true })).toEqual([])
  })
})
