import { isUtf8 } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOfText, runeAt, textOfBytes } from './byte-string.ts'

const byteStrings = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

describe('byte strings', () => {
  test('hold the UTF-8 bytes of a text and give it back', () => {
    expect(bytesOfText('é')).toBe('\u00c3\u00a9')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textOfBytes(bytesOfText(text))).toBe(text)
      }),
    )
  })

  test('are no text when they are not UTF-8', () => {
    expect(textOfBytes('a\u00ff')).toBeUndefined()
  })

  test('split into the same characters as their text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = bytesOfText(text)
        let read = ''
        for (let index = 0; index < bytes.length;) {
          const { codePoint, width } = runeAt(bytes, index)
          read += String.fromCodePoint(codePoint)
          index += width
        }
        expect(read).toBe(text)
      }),
    )
  })

  test('split strictly: a sequence is a character exactly when it is valid UTF-8', () => {
    fc.assert(
      fc.property(byteStrings, (bytes) => {
        for (let index = 0; index < bytes.length; index++) {
          const { codePoint, width } = runeAt(bytes, index)
          const valid = [1, 2, 3, 4].some(
            (length) =>
              index + length <= bytes.length &&
              isUtf8(Buffer.from(bytes.slice(index, index + length), 'latin1')) &&
              length === width,
          )
          expect(codePoint >= 0).toBe(valid)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['a surrogate', '\u00ed\u00a0\u0080'],
    ['an overlong form', '\u00c0\u00af'],
    ['an overlong form of three bytes', '\u00e0\u0080\u00af'],
    ['a code point above U+10FFFF', '\u00f4\u0090\u0080\u0080'],
    ['a cut sequence', '\u00e2\u0082'],
    ['a continuation byte', '\u0080'],
  ])('take %s for bytes', (_, bytes) => {
    expect(runeAt(bytes, 0)).toEqual({ codePoint: -1, width: 1 })
  })
})
