import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { bytesOfText } from './byte-string.ts'
import { quoteName, unquoteName } from './go-quote.ts'
import { encodeGoString } from './go-string.ts'

const byteStrings = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.string({ unit: 'binary' }).map(bytesOfText),
)

describe('a quoted name', () => {
  test.each([
    ['ampersand&<>', 'ampersand\\u0026\\u003c\\u003e'],
    ['quote"back\\slash', 'quote\\\\\\"back\\\\\\\\slash'],
    ['\t', '\\\\t'],
    ['\v', '\\\\v'],
    ['\u0007', '\\\\a'],
    ['\u001b', '\\\\x1b'],
    ['\u007f', '\\\\x7f'],
    [bytesOfText('\u0085'), '\\\\u0085'],
    [bytesOfText('\u00a0'), '\\\\u00a0'],
    [bytesOfText('\u0378'), '\\\\u0378'],
    [bytesOfText('\ue000'), '\\\\ue000'],
    [bytesOfText('\ufeff'), '\\\\ufeff'],
    [bytesOfText('\u2028'), '\\\\u2028'],
    [bytesOfText('\u{e0041}'), '\\\\U000e0041'],
    [bytesOfText('\u{1f600}'), '\u{1f600}'],
    [bytesOfText('\ufffd'), '\ufffd'],
    ['\u00ff\u00fe', '\\\\xff\\\\xfe'],
    ['\u00ed\u00a0\u0080', '\\\\xed\\\\xa0\\\\x80'],
    ['\u00c0\u00af', '\\\\xc0\\\\xaf'],
    ['plain name-1.txt', 'plain name-1.txt'],
    [bytesOfText('日本 é'), '日本 é'],
    ['\b\f\n\r\0', '\\\\b\\\\f\\\\n\\\\r\\\\x00'],
  ])('%j stands in a tree as %s', (name, inJson) => {
    expect(encodeGoString(quoteName(name))).toBe(`"${inJson}"`)
    expect(unquoteName(JSON.parse(`"${inJson}"`) as string)).toBe(name)
  })

  test('gives back every name, whatever its bytes', () => {
    fc.assert(
      fc.property(byteStrings, (name) => {
        expect(unquoteName(quoteName(name))).toBe(name)
      }),
      { numRuns: 2000 },
    )
  })

  test('is understood with octal escapes and with literal characters that needed an escape', () => {
    expect(unquoteName('\\101\\377\\000')).toBe('A\u00ff\0')
    expect(unquoteName('a\u00a0\u2028\t\\x41\\u00E9')).toBe(`a${bytesOfText('\u00a0\u2028')}\tA${bytesOfText('é')}`)
  })

  test.each(['a"b', 'a\nb', "\\'", '\\q', '\\', '\\x4', '\\xg0', '\\400', '\\18', '\\u12', '\\ud800', '\\U00110000'])(
    '%j is refused',
    (quoted) => {
      expect(() => unquoteName(quoted)).toThrow(DamagedError)
    },
  )

  test('never crashes on other text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\\', 'x', 'u', 'U', '0', '7', 'f', '"', 'é', '\ud800') }),
        (text) => {
          try {
            unquoteName(text)
          } catch (error) {
            expect(error).toBeInstanceOf(DamagedError)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})
