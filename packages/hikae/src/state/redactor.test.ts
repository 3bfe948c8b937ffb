import { describe, test } from 'vitest'
import fc from 'fast-check'
import { Redactor } from './redactor.ts'

function knowing(...secrets: string[]): Redactor {
  const redactor = new Redactor()
  for (const secret of secrets) redactor.add(secret)
  return redactor
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('a secret is taken out', () => {
  const secret = 'p@ss/wörd "1"\\ +x'
  test.for<[form: string, text: string]>([
    ['as it is', secret],
    ['several times', `${secret} and ${secret}`],
    ['in a URL', `https://user:${encodeURIComponent(secret)}@host/`],
    ['in a URL whose escapes are lower-case', encodeURIComponent(secret).toLowerCase()],
    ['in a URL that spares less', encodeURIComponent(secret).replaceAll('p', '%70')],
    ['in a form', new URLSearchParams({ secret }).toString()],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON within JSON', JSON.stringify({ body: JSON.stringify({ secret }) })],
    ['in JSON of ASCII', JSON.stringify({ secret }).replace('ö', String.raw`\u00F6`)],
    ['in base64', base64(secret)],
    ['in base64url', Buffer.from(secret).toString('base64url')],
    ['in base64 within a URL', encodeURIComponent(base64(secret))],
    ...['', 'u', 'us', 'use', 'user'].map((user): [string, string] => [
      `in a header for ${user || 'nobody'}`,
      `Authorization: Basic ${base64(`${user}:${secret}`)}`,
    ]),
  ])('%s', ([, text], { expect }) => {
    const redacted = knowing(secret).text(text)
    expect(redacted).toContain('•••')
    for (const part of ['ss/w', 'w%C3%B6rd', 'rd', 'UtzcL', base64(secret).slice(4, -6)]) {
      expect(redacted).not.toContain(part)
    }
  })

  test('with what is around it left as it is', ({ expect }) => {
    expect(knowing('s3cret').text('user=me password=s3cret, host=s3.example')).toBe(
      'user=me password=•••, host=s3.example',
    )
  })

  test('from base64 with the characters that hold bits of its neighbours', ({ expect }) => {
    const redactor = knowing('s3cret-word')
    expect(redactor.text(`Basic ${base64('user:s3cret-word')}`)).toBe('Basic dXNlcj•••')
    expect(redactor.text(base64('a s3cret-word in text'))).toBe('YS•••BpbiB0ZXh0')
    expect(redactor.text(base64('abcs3cret-word.'))).toBe('YWJj•••u')
  })

  test('when it overlaps another one, or itself', ({ expect }) => {
    expect(knowing('abcd', 'cdef', 'abcdefgh').text('1abcdef2 abcdefgh')).toBe('1•••2 •••')
    expect(knowing('aaaa').text('xaaaaaay')).toBe('x•••y')
    expect(knowing('🔑🔑').text('x🔑🔑🔑y')).toBe('x•••y')
  })

  test('line by line, when it has several', ({ expect }) => {
    const redactor = knowing('-----BEGIN KEY-----\nMIIBVgIBADANBgkq\r\n-----END KEY-----\n')
    expect(redactor.text('read MIIBVgIBADANBgkq from')).toBe('read ••• from')
    expect(redactor.text(JSON.stringify('-----BEGIN KEY-----\nMIIBVgIBADANBgkq\r\n-----END KEY-----'))).toBe('"•••"')
  })

  test('from keys and values at any depth', ({ expect }) => {
    const value = { list: ['x s3cret', 7, null, true], 's3cret key': { deep: 's3cret' } }
    expect(knowing('s3cret').value(value)).toEqual({ list: ['x •••', 7, null, true], '••• key': { deep: '•••' } })
    expect(knowing('s3cret').value(undefined)).toBeUndefined()
  })

  test('of any characters, in every form', ({ expect }) => {
    const text = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 20 })
    fc.assert(
      fc.property(text, text, text, (before, secret, after) => {
        const trimmed = secret.trim()
        fc.pre(trimmed.length >= 4 && !/[\r\n]/.test(trimmed))
        const redactor = knowing(trimmed)
        for (const encode of [(plain: string) => plain, encodeURIComponent, JSON.stringify]) {
          expect(redactor.text(encode(before + trimmed + after))).toContain('•••')
        }
      }),
    )
  })
})

test('secrets of fewer than four characters are not looked for, and nothing is found without secrets', ({ expect }) => {
  expect(knowing('abc', ' ab ', '').text('abc ab')).toBe('abc ab')
  expect(new Redactor().text('abcd')).toBe('abcd')
})

test('a search takes no time worth speaking of, whatever the secret is made of', ({ expect }) => {
  const redactor = knowing(`${'\\'.repeat(12)}x"${'\\'.repeat(6)}"y`)
  expect(redactor.text('\\'.repeat(20_000))).toHaveLength(20_000)
})

test('a text is cut before a secret that would be cut in two', ({ expect }) => {
  expect(knowing('0123456789').cut('abc0123456789def', 8)).toBe('abc')
  expect(knowing('0123456789').cut('0123456789abcdef', 12)).toBe('•••ab')
  expect(knowing('0123456789').cut('abcdefgh0123456789', 8)).toBe('abcdefgh')
})
