import { expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import { undoFlippedBit } from './flipped-bit.ts'

const CONTENT = Buffer.from('the content of a snapshot '.repeat(20))
const ID = sha256Id(CONTENT)

function withFlipped(...bits: readonly number[]): Buffer {
  const changed = Buffer.from(CONTENT)
  for (const bit of bits) changed[bit >> 3]! ^= 1 << (bit & 7)
  return changed
}

test.for([0, 7, 8, 1234, CONTENT.length * 8 - 1])('bit %i is found, and the damaged bytes are left alone', (bit) => {
  const damaged = withFlipped(bit)
  expect(undoFlippedBit(damaged, ID)).toEqual(Uint8Array.from(CONTENT))
  expect(damaged).toEqual(withFlipped(bit))
})

test('two wrong bits, a missing byte, and a file too large to try are another matter', () => {
  expect(undoFlippedBit(withFlipped(5, 99), ID)).toBeUndefined()
  expect(undoFlippedBit(CONTENT.subarray(1), ID)).toBeUndefined()
  const large = Buffer.alloc(16 * 1024 + 1)
  expect(undoFlippedBit(large, sha256Id(large))).toBeUndefined()
})
