import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeGoBytes, encodeGoString } from './go-string.ts'

describe('a string in Go JSON', () => {
  test.each([
    ['plain é 日本 \u007f \ufffd 😀', '"plain é 日本 \u007f \ufffd 😀"'],
    ['"\\', '"\\"\\\\"'],
    ['\b\f\n\r\t\v\0\u001f', '"\\b\\f\\n\\r\\t\\u000b\\u0000\\u001f"'],
    ['<>&', '"\\u003c\\u003e\\u0026"'],
    ['\u2028\u2029', '"\\u2028\\u2029"'],
    ['a\ud800b\udc00', '"a\\ufffdb\\ufffd"'],
  ])('escapes %j as Go does', (text, json) => {
    expect(encodeGoString(text)).toBe(json)
  })

  test('means the same to every JSON parser', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(encodeGoString(text))).toBe(text)
        expect(encodeGoBytes(Buffer.from(text).toString('latin1'))).toBe(encodeGoString(text))
      }),
    )
  })

  test('has one replacement character for each byte that is not UTF-8', () => {
    expect(encodeGoBytes('bad\u00fftarget')).toBe('"bad\\ufffdtarget"')
    expect(encodeGoBytes('\u00e2\u0082<')).toBe('"\\ufffd\\ufffd\\u003c"')
    expect(encodeGoBytes('\u00ef\u00bf\u00bd\u00ff')).toBe('"\ufffd\\ufffd"')
  })
})
