import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pathComponents } from '../filesystem/byte-path.ts'
import { compilePattern, matchesLastName, matchesPattern, mayMatchBelow } from './pattern.ts'

function matches(pattern: string, path: string): boolean {
  return matchesPattern(compilePattern(pattern), pathComponents(path))
}

/** Pattern, path, and what restic answers. */
const CASES: readonly [string, string, boolean][] = [
  ['foo', '/foo', true],
  ['foo', '/a/foo/b', true],
  ['foo', '/food', false],
  ['foo/', '/a/foo', true],
  ['./foo', '/a/foo', true],
  ['foo/bar', '/x/foo/bar/y', true],
  ['foo/bar', '/x/foo/y/bar', false],
  ['/foo', '/foo/bar', true],
  ['/foo', '/a/foo', false],
  ['/foo/*', '/foo', false],
  ['/foo/*', '/foo/x/y', true],
  ['*.log', '/var/x.log', true],
  ['*.log', '/var/x.log/y', true],
  ['**', '/a', true],
  ['/', '/a/b', true],
  ['/**', '/a', true],
  ['foo/**', '/a/foo', true],
  ['foo/**', '/a/foo/b/c', true],
  ['foo/**/bar', '/foo/bar', true],
  ['foo/**/bar', '/foo/x/y/bar', true],
  ['foo/**/bar', '/foo/x/y/baz', false],
  ['/foo/**/bar', '/x/foo/bar', false],
  ['/foo/**/bar', '/foo/x/bar/z', true],
  ['**/bar', '/bar', true],
  ['a/../b', '/b', true],
  ['a**', '/aXY', true],
  ['/a/**/b/**', '/a/b', false],
  ['/a/**/b/**', '/a/b/c', true],
]

test.for(CASES)('%s and %s: %s', ([pattern, path, expected]) => expect(matches(pattern, path)).toBe(expected))

/** As the rules say it: write `*` any number of times for each `**`, then look at every place. */
function naive(pattern: string, path: string): boolean {
  const anchored = pattern.startsWith('/')
  const parts = anchored ? ['/', ...pathComponents(pattern)] : pathComponents(pattern)
  const names = ['/', ...pathComponents(path)]
  const place = (parts: readonly string[]): boolean => {
    const wild = parts.indexOf('**')
    if (wild !== -1) {
      const most = names.length - parts.length + 1
      return Array.from({ length: Math.max(most + 1, 0) }, (_, count) => count).some((count) =>
        place(parts.toSpliced(wild, 1, ...Array.from({ length: count }, () => '*'))),
      )
    }
    if (parts.length === 0) return false
    const starts = names.map((_, start) => start).filter((start) => (anchored ? start === 0 : start > 0))
    return starts.some(
      (start) =>
        start + parts.length <= names.length &&
        parts.every((part, index) => part === '*' || part === names[start + index]),
    )
  }
  return place(parts)
}

const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 })
  .map((names) => `/${names.join('/')}`)
const pattern = fc
  .tuple(fc.boolean(), fc.array(fc.constantFrom('a', 'b', '*', '**', '**'), { minLength: 1, maxLength: 5 }))
  .map(([anchored, parts]) => (anchored ? '/' : '') + parts.join('/'))

test('matching is what the rules say, for any mixture of wildcards', () => {
  fc.assert(
    fc.property(pattern, path, (pattern, path) => {
      expect(matches(pattern, path)).toBe(naive(pattern, path))
    }),
    { numRuns: 5000 },
  )
})

test('what matches a directory matches everything below it', () => {
  fc.assert(
    fc.property(pattern, path, (pattern, path) => {
      fc.pre(matches(pattern, path))
      expect(matches(pattern, `${path}/c`)).toBe(true)
    }),
  )
})

test('asking for the last name only gives the same when the directory above does not match', () => {
  fc.assert(
    fc.property(pattern, path, (pattern, path) => {
      const compiled = compilePattern(pattern)
      const names = pathComponents(path)
      fc.pre(!matchesPattern(compiled, names.slice(0, -1)))
      expect(matchesLastName(compiled, names)).toBe(matchesPattern(compiled, names))
    }),
    { numRuns: 2000 },
  )
})

test('no directory above a match is said to be without one', () => {
  fc.assert(
    fc.property(pattern, path, (pattern, path) => {
      fc.pre(matches(pattern, path))
      const names = pathComponents(path)
      for (let depth = 0; depth < names.length; depth++) {
        expect(mayMatchBelow(compilePattern(pattern), names.slice(0, depth))).toBe(true)
      }
    }),
  )
})

test.for([
  ['/a/b/c', '/a', true],
  ['/a/b/c', '/a/b', true],
  ['/a/b/c', '/x', false],
  ['/a/b/c', '/a/c', false],
  ['/a/b', '/a/b/c', true],
  ['/a/**/c', '/a/x/y', true],
  ['/a/**/c', '/b', false],
  ['/a*/c', '/ab', true],
  ['c', '/x/y', true],
] as const)('below %s in %s: %s', ([pattern, path, expected]) => {
  expect(mayMatchBelow(compilePattern(pattern), pathComponents(path))).toBe(expected)
})

test('a leading exclamation mark negates, a backslash before it does not', () => {
  expect(compilePattern('!foo').negated).toBe(true)
  expect(matches('!foo', '/foo')).toBe(true)
  expect(compilePattern('\\!foo').negated).toBe(false)
  expect(matches('\\!foo', '/!foo')).toBe(true)
})
