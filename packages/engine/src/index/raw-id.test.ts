import fc from 'fast-check'
import { expect, test } from 'vitest'
import { idFromBytes } from '../ids.ts'
import { ID_WORDS, idOfWords, wordsOfBytes, wordsOfId } from './raw-id.ts'

const arbitraryBytes = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('hex and raw bytes give the same words, and the words give the id back', () => {
  fc.assert(
    fc.property(arbitraryBytes, (bytes) => {
      const id = idFromBytes(bytes)
      const words = Uint32Array.from(wordsOfId(id))
      expect(words).toHaveLength(ID_WORDS)
      expect(Uint32Array.from(wordsOfBytes(bytes))).toEqual(words)
      expect(idOfWords(words, 0)).toBe(id)
    }),
  )
})

test('upper-case digits are the same id', () => {
  const id = idFromBytes(Buffer.alloc(32, 0xaf))
  const lower = Uint32Array.from(wordsOfId(id))
  expect(Uint32Array.from(wordsOfId(id.toUpperCase() as typeof id))).toEqual(lower)
})

test('an id is read from the middle of bytes and of a column', () => {
  const bytes = Buffer.from(Array.from({ length: 96 }, (_, index) => index))
  const column = new Uint32Array(Uint8Array.from(bytes).buffer)
  expect(idOfWords(column, 1)).toBe(idFromBytes(bytes, 32))
  expect(Uint32Array.from(wordsOfBytes(bytes, 32))).toEqual(column.slice(8, 16))
})
