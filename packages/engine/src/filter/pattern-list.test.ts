import { expect, test } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { bytesOfText } from '../json/byte-string.ts'
import { PatternList } from './pattern-list.ts'

function list(patterns: readonly string[], ignoreCase = false): PatternList {
  return new PatternList(
    patterns.map((text, index) => ({ text: bytesOfText(text), origin: `list:${index + 1}` })),
    { ignoreCase },
  )
}

test('a later negated pattern takes back what an earlier one matched, and a later one puts it in again', () => {
  const patterns = list(['*.txt', '!keep.txt', '/secret/**'])
  expect(patterns.matches('/a/x.txt')).toBe(true)
  expect(patterns.matches('/a/keep.txt')).toBe(false)
  expect(patterns.matches('/secret/keep.txt')).toBe(true)
  expect(patterns.matches('/a/x.md')).toBe(false)
  expect(list(['!keep.txt', '*.txt']).matches('/keep.txt')).toBe(true)
})

test('a match above counts, in whatever order paths are asked for', () => {
  const patterns = list(['node_modules', '/a/b'])
  const paths = ['/a/node_modules/x/y', '/a/b/c', '/a/x', '/a/b', '/node_modules', '/a/x/node_modules/z', '/x']
  const expected = [true, true, false, true, true, true, false]
  expect(paths.map((path) => patterns.matches(path))).toEqual(expected)
  expect(paths.toReversed().map((path) => patterns.matches(path))).toEqual(expected.toReversed())
})

test('without case, patterns and paths are compared in lower case, character by character', () => {
  const patterns = list(['*.JPG', 'ÄÖ', 'ΑΣ', 'İx'], true)
  const matches = (path: string) => patterns.matches(bytesOfText(path))
  expect(matches('/a/photo.jPg')).toBe(true)
  expect(matches('/äö')).toBe(true)
  expect(matches('/ασ')).toBe(true)
  expect(matches('/ix')).toBe(true)
  expect(matches('/a/photo.png')).toBe(false)
  expect(new PatternList([{ text: 'A\xff', origin: 'list' }], { ignoreCase: true }).matches('/a\xff')).toBe(true)
})

test('empty patterns are ignored', () => {
  expect(list(['', '']).isEmpty).toBe(true)
  expect(list(['']).matches('/a')).toBe(false)
})

test('below a directory something may match until a negated pattern takes all of it', () => {
  const patterns = list(['/a/b/**/*.txt', '!/a/b/private'])
  expect(patterns.mayMatchBelow('/a')).toBe(true)
  expect(patterns.mayMatchBelow('/a/b/public')).toBe(true)
  expect(patterns.mayMatchBelow('/a/b/private')).toBe(false)
  expect(patterns.mayMatchBelow('/c')).toBe(false)
})

test('all patterns that are not understood are named at once, with where they stand', () => {
  const compile = () => list(['fine', '[a', 'x/[z-]', 'b\\'])
  expect(compile).toThrow(InvalidInputError)
  expect(compile).toThrow(/^list:2: pattern \[a: .*; list:3: pattern x\/\[z-\]: .*; list:4: pattern b\\: /)
})
