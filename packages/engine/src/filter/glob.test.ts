import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOfText } from '../json/byte-string.ts'
import { compileGlob, GlobSyntaxError, isLiteral } from './glob.ts'

function matches(pattern: string, name: string): boolean {
  return compileGlob(bytesOfText(pattern))(bytesOfText(name))
}

/** What Go's own `filepath.Match` answers. */
const MATCHING: readonly [string, string][] = [
  ['abc', 'abc'],
  ['*', 'abc'],
  ['*c', 'abc'],
  ['a*', 'a'],
  ['a*', 'abc'],
  ['a*b*c*d*e*', 'axbxcxdxe'],
  ['a*b?c*x', 'abxbbxdbxebxczzx'],
  ['ab[c]', 'abc'],
  ['ab[b-d]', 'abc'],
  ['ab[^e-g]', 'abc'],
  ['a\\*b', 'a*b'],
  ['a?b', 'a☺b'],
  ['a[^a]b', 'a☺b'],
  ['[a-ζ]*', 'α'],
  ['[\\]a]', ']'],
  ['[\\-]', '-'],
  ['[x\\-]', '-'],
  ['[\\-x]', 'x'],
  ['*x', 'xxx'],
  ['a]', 'a]'],
  ['[[]*]', '[x]'],
  ['.*', '.hidden'],
  ['*', '.hidden'],
]

const DIFFERENT: readonly [string, string][] = [
  ['a*b?c*x', 'abxbbxdbxebxczzy'],
  ['ab[e-g]', 'abc'],
  ['ab[^c]', 'abc'],
  ['ab[^b-d]', 'abc'],
  ['a\\*b', 'ab'],
  ['a???b', 'a☺b'],
  ['a[^a][^a][^a]b', 'a☺b'],
  ['*[a-ζ]', 'A'],
  ['[x\\-]', 'z'],
  ['[z-a]', 'm'],
  ['', 'a'],
  ['a', ''],
  ['?', ''],
  ['a*', 'ba'],
  ['*a', 'ab'],
]

test.for(MATCHING)('%s fits %s', ([pattern, name]) => expect(matches(pattern, name)).toBe(true))

test.for(DIFFERENT)('%s does not fit %s', ([pattern, name]) => expect(matches(pattern, name)).toBe(false))

test.for(['[]a]', '[-]', '[x-]', '[-x]', 'a[', 'a\\', '[', '[^', '[^bc', '[a-b-c]', '[a', '[a-', '*[', '[]', '[\\'])(
  '%s is not understood',
  (pattern) => expect(() => compileGlob(pattern)).toThrow(GlobSyntaxError),
)

test('a byte that is not UTF-8 is one character, which a class knows as U+FFFD only', () => {
  expect(compileGlob('a?b')('a\xffb')).toBe(true)
  expect(compileGlob('a??b')('a\xe2\x98b')).toBe(true)
  expect(compileGlob('[^x]')('\xff')).toBe(true)
  expect(compileGlob('[\x01-\x7f]')('\xff')).toBe(false)
  expect(compileGlob(bytesOfText('[\ufffd]'))('\xff')).toBe(true)
  expect(compileGlob('\xff*')('\xff\xfe')).toBe(true)
  expect(() => compileGlob('[\xff]')).toThrow(GlobSyntaxError)
})

test('newlines and other control characters are like any other', () => {
  expect(matches('a*b', 'a\n\0b')).toBe(true)
  expect(matches('a?b', 'a\nb')).toBe(true)
})

test('a pattern of many stars is answered quickly', () => {
  expect(matches(`${'a*'.repeat(30)}b`, 'a'.repeat(255))).toBe(false)
})

/** One character of a name that is UTF-8, seen from any of its bytes: a star may end within a character. */
const ANY = '(?:[\\x00-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|[\\xe0-\\xef][\\x80-\\xbf]{2}|[\\x80-\\xbf])'

/** Parts of patterns, and the regular expressions over bytes that mean the same. */
const PARTS: Readonly<Record<string, string>> = {
  '*': '[^]*',
  '?': ANY,
  '[ab]': '[ab]',
  '[^a]': `(?!a)${ANY}`,
  '[b-é]': '(?:[b-\\x7f]|\\xc2[\\x80-\\xbf]|\\xc3[\\x80-\\xa9])',
  '[^é]': `(?!\\xc3\\xa9)${ANY}`,
  '[^\\]b-d☺]': `(?!\\]|[b-d]|\\xe2\\x98\\xba)${ANY}`,
  a: 'a',
  b: 'b',
  é: '\\xc3\\xa9',
  '☺': '\\xe2\\x98\\xba',
  '\\*': '\\*',
  '\\?': '\\?',
  '\\[': '\\[',
  '.': '\\.',
}

/**
 * As Go matches: what follows a star takes the first place where it fits, once and for all, up to the next star; only what
 * follows the last star has to end with the name. It matters since a star may end within a character.
 */
function expressionOf(pattern: readonly string[]): RegExp {
  const runs = pattern
    .map((part) => PARTS[part])
    .join('')
    .split(PARTS['*']!)
  const last = runs.length - 1
  const expressions = runs.map((run, at) => {
    if (at === 0) return run
    return at === last ? `[^]*?${run}` : `(?=([^]*?${run}))\\${at}`
  })
  return new RegExp(`^${expressions.join('')}$`)
}

test('the first place where a part fits is taken, as in Go', () => {
  expect(matches('*[^a][^é]*[^é]?', '☺aaa')).toBe(true)
  expect(matches('*[^a][^é]*[^é]?', '☺aa')).toBe(false)
})

test('patterns mean what the regular expression of the same shape means', () => {
  const part = fc.constantFrom(...Object.keys(PARTS))
  const character = fc.constantFrom('a', 'b', 'c', 'é', '☺', '*', '?', '[', '.', '\n')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.array(character, { maxLength: 7 }), (pattern, name) => {
      expect(matches(pattern.join(''), name.join(''))).toBe(expressionOf(pattern).test(bytesOfText(name.join(''))))
    }),
    { numRuns: 5000 },
  )
})

test('a literal has no character with a meaning of its own', () => {
  expect(isLiteral('a.b-c!')).toBe(true)
  for (const character of '*?[]\\') expect(isLiteral(`a${character}`)).toBe(false)
})
