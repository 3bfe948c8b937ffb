import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { targetsFromPatterns, targetsRaw, targetsVerbatim } from './files-from.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'files-from-'))
  for (const sub of ['src', 'lib', '.hidden']) {
    mkdirSync(join(directory, sub))
    writeFileSync(join(directory, sub, 'a.ts'), '')
    writeFileSync(join(directory, sub, 'b[1].md'), '')
  }
  writeFileSync(Buffer.from(`${directory}/\xff\n`, 'latin1'), '')
  symlinkSync('src', join(directory, 'alias'))
})

afterEach(() => rmSync(directory, { recursive: true }))

function file(content: string) {
  return { name: 'list', content: Buffer.from(content, 'latin1') }
}

function expand(pattern: string): readonly string[] {
  return targetsFromPatterns(file(pattern), directory).targets
}

test.for([
  ['*', ['.hidden', 'alias', 'lib', 'src', '\xff\n']],
  ['*/a.ts', ['.hidden/a.ts', 'alias/a.ts', 'lib/a.ts', 'src/a.ts']],
  ['./s*', ['src']],
  ['src/*', ['src/a.ts', 'src/b[1].md']],
  ['src/b\\[1].md', ['src/b[1].md']],
  ['src/b\\[1\\].md', ['src/b[1].md']],
  ['[ls]*/*.[^m]?', ['lib/a.ts', 'src/a.ts']],
  ['src/a.ts/*', []],
  ['*/', []],
] as const)('%s is expanded', ([pattern, expected]) => {
  expect(expand(pattern)).toEqual(expected)
})

test('absolute patterns are expanded too', () => {
  expect(expand(`${directory}/l*`)).toEqual([`${directory}/lib`])
  expect(expand('/et[c]')).toEqual(['/etc'])
})

test('a pattern that nothing fits is told, a plain name is a target whether it exists or not', () => {
  expect(targetsFromPatterns(file('# comment\n\n  nowhere \nno*\nsrc\n'), directory)).toEqual({
    targets: ['nowhere', 'src'],
    unmatched: ['list:4: no*'],
  })
})

test('a pattern that is not understood is named with its line', () => {
  expect(() => expand('src\nnowhere/[a')).toThrow('list:2: pattern nowhere/[a: ')
  expect(() => expand('[a')).toThrow(InvalidInputError)
})

test('verbatim lines have no meaning but their own', () => {
  expect(targetsVerbatim(file('# a\n\n *\n$X\r\n\xff'))).toEqual(['# a', ' *', '$X', '\xff'])
})

test('raw names end in a zero byte and may hold anything else', () => {
  expect(targetsRaw(file('a\nb\0 #\xff\0'))).toEqual(['a\nb', ' #\xff'])
  expect(targetsRaw(file(''))).toEqual([])
})

test('a raw list that is cut off or has an empty name is refused', () => {
  expect(() => targetsRaw(file('a\0b'))).toThrow('the last name is not followed by a zero byte')
  expect(() => targetsRaw(file('a\0\0b\0'))).toThrow('name 2 is empty')
})

test('a raw list given as lines is noticed', () => {
  expect(() => targetsVerbatim(file('a\0b\0'))).toThrow(InvalidInputError)
  expect(() => expand('a\0b\0')).toThrow(InvalidInputError)
})
