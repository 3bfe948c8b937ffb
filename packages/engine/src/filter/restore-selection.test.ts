import { expect, test } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { selectForRestore } from './restore-selection.ts'

const ALL = { selected: true, childMayBeSelected: true }
const NOTHING = { selected: false, childMayBeSelected: false }
const ON_THE_WAY = { selected: false, childMayBeSelected: true }

test('without patterns everything is taken', () => {
  const select = selectForRestore({})
  expect(select('/a', true)).toEqual(ALL)
  expect(select('/a/b', false)).toEqual({ selected: true, childMayBeSelected: false })
})

test('an anchored include leads to its place and nowhere else', () => {
  const select = selectForRestore({ include: { patterns: ['/home/me/*.txt'] } })
  expect(select('/home', true)).toEqual(ON_THE_WAY)
  expect(select('/home/me', true)).toEqual(ON_THE_WAY)
  expect(select('/home/me/a.txt', false)).toEqual({ selected: true, childMayBeSelected: false })
  expect(select('/home/me/a.md', false)).toEqual(NOTHING)
  expect(select('/home/you', true)).toEqual(NOTHING)
  expect(select('/home/me/d.txt', true)).toEqual(ALL)
  expect(select('/home/me/d.txt/below', true)).toEqual(ALL)
})

test('an include without an anchor is looked for everywhere', () => {
  const select = selectForRestore({ include: { patterns: ['notes'], ignoringCase: ['README*'] } })
  expect(select('/a/b', true)).toEqual(ON_THE_WAY)
  expect(select('/a/b/notes', true)).toEqual(ALL)
  expect(select('/a/readme.md', false).selected).toBe(true)
})

test('an exclude leaves out a directory with everything below it', () => {
  const select = selectForRestore({ exclude: { patterns: ['cache', '!/keep/cache'] } })
  expect(select('/a/cache', true)).toEqual(NOTHING)
  expect(select('/keep/cache', true)).toEqual(ALL)
  expect(select('/a', true)).toEqual(ALL)
})

test('both together take what is included and not excluded', () => {
  const select = selectForRestore({ include: { patterns: ['/a'] }, exclude: { patterns: ['*.tmp'] } })
  expect(select('/a/x', false).selected).toBe(true)
  expect(select('/a/x.tmp', false)).toEqual(NOTHING)
  expect(select('/b', true)).toEqual(NOTHING)
})

test('a wrong pattern is named with its option', () => {
  expect(() => selectForRestore({ include: { patterns: ['[a'] } })).toThrow(InvalidInputError)
  expect(() => selectForRestore({ include: { ignoringCase: ['[a'] } })).toThrow('--iinclude: pattern [a')
})
