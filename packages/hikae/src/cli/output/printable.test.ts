import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonPath, jsonText, printableMessage, printablePath, printableText } from './printable.ts'

function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

describe('printablePath', () => {
  test.each(['/srv/uploads/photo 1.jpg', '/バックアップ/写真.jpg', '/a"b\\c', '/ünïcode'])(
    '%s stays as it is',
    (path) => {
      expect(printablePath(bytes(path))).toBe(path)
    },
  )

  test('control characters become escapes inside quotes', () => {
    expect(printablePath('/a\x1b]0;owned\x07b')).toBe('"/a\\x1b]0;owned\\x07b"')
    expect(printablePath('/line\nbreak\t"quoted"')).toBe('"/line\\nbreak\\t\\"quoted\\""')
  })

  test('characters that turn the direction of text or are invisible become escapes', () => {
    expect(printablePath(bytes('/exe\u202egpj.txt'))).toBe('"/exe\\u202egpj.txt"')
    expect(printablePath(bytes('/zero\u200bwidth'))).toBe('"/zero\\u200bwidth"')
  })

  test('bytes that are not UTF-8 become escapes, the rest stays readable', () => {
    expect(printablePath('/caf\xe9')).toBe('"/caf\\xe9"')
    expect(printablePath(`${bytes('/写真')}\xff\xfe${bytes('é')}`)).toBe('"/写真\\xff\\xfeé"')
    expect(printablePath('/cut\xe5\x86')).toBe('"/cut\\xe5\\x86"')
  })

  test('nothing that a terminal would obey gets through, whatever the bytes', () => {
    const anyBytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'))
    fc.assert(
      fc.property(anyBytes, (path) => {
        expect(printablePath(path)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u)
      }),
    )
  })

  test('different absolute paths never look the same', () => {
    const path = fc.uint8Array({ maxLength: 6 }).map((array) => `/${Buffer.from(array).toString('latin1')}`)
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(printablePath(a) === printablePath(b)).toBe(a === b)
      }),
    )
  })
})

test('text is quoted only when it must be', () => {
  expect(printableText('db1')).toBe('db1')
  expect(printableText('db1\x1b[2J')).toBe('"db1\\x1b[2J"')
  expect(printableText('\u{e0041}')).toBe('"\\U000e0041"')
})

test('messages keep their lines and quotes', () => {
  expect(printableMessage("cannot read 'a'\nsecond \x1b[31mline")).toBe("cannot read 'a'\nsecond \\x1b[31mline")
})

test('JSON is escaped beyond what JSON asks for, and means the same', () => {
  const value = { name: 'a\x9b31m\u202eb\u{e0041}\x7f', plain: '写真 📁' }
  expect(jsonText(value)).toBe('{"name":"a\\u009b31m\\u202eb\\udb40\\udc41\\u007f","plain":"写真 📁"}')
  expect(JSON.parse(jsonText(value))).toEqual(value)
})

test('JSON output has paths as text', () => {
  expect(jsonPath(bytes('/写真'))).toBe('/写真')
  expect(jsonPath('/\xff')).toBe('/\ufffd')
})
