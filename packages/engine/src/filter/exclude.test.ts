import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { lstat } from '../filesystem/metadata.ts'
import { excludeFilter, type ExcludeOptions } from './exclude.ts'
import { patternTexts } from './pattern-set.ts'
import type { TagFileWarning } from './tag-file.ts'

function excludes(options: ExcludeOptions, path: string): boolean {
  return excludeFilter(options)?.excludesPath(path) ?? false
}

test('no options make no filter', () => {
  expect(excludeFilter({})).toBeUndefined()
  expect(excludeFilter({ exclude: { patterns: [''] }, excludeCaches: false })).toBeUndefined()
})

test('patterns come from options and from files, files last', () => {
  const file = { name: 'list', content: Buffer.from('# comment\n!/a/keep\n$HOME/cache\n') }
  const exclude = { patterns: ['/a/*'], files: [file], variables: { HOME: '/home/ü' } }
  expect(excludes({ exclude }, '/a/b')).toBe(true)
  expect(excludes({ exclude }, '/a/keep')).toBe(false)
  expect(excludes({ exclude }, Buffer.from('/home/ü/cache').toString('latin1'))).toBe(true)
  expect(patternTexts(exclude)).toEqual(['/a/*', '!/a/keep', '/home/ü/cache'])
})

test('patterns without case are a list of their own', () => {
  const exclude = { patterns: ['a'], ignoringCase: ['B', '!c'] }
  expect(excludes({ exclude }, '/A')).toBe(false)
  expect(excludes({ exclude }, '/b')).toBe(true)
  const filesIgnoringCase = [{ name: 'list', content: Buffer.from('*.TMP') }]
  expect(excludes({ exclude: { filesIgnoringCase } }, '/x.tmp')).toBe(true)
})

test('a wrong pattern is named with its option or its line', () => {
  const files = [{ name: 'my list', content: Buffer.from('fine\n\n[wrong\n') }]
  expect(() => excludeFilter({ exclude: { patterns: ['[a'] } })).toThrow('--exclude: pattern [a: ')
  expect(() => excludeFilter({ exclude: { ignoringCase: ['[a'] } })).toThrow('--iexclude: pattern [a: ')
  expect(() => excludeFilter({ exclude: { files } })).toThrow('my list:3: pattern [wrong: ')
})

test('exact paths are excluded whatever characters they have', () => {
  expect(excludes({ excludePaths: ['/a/[cache]*'] }, '/a/[cache]*')).toBe(true)
  expect(excludes({ excludePaths: ['/a/[cache]*'] }, '/a/c')).toBe(false)
})

describe('with files', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'exclude-'))
    mkdirSync(join(directory, 'sub'))
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  function tag(name: string, content: string): void {
    writeFileSync(join(directory, 'sub', name), content)
  }

  function excludesSub(options: ExcludeOptions, name = 'file'): boolean {
    return excludes(options, join(directory, 'sub', name))
  }

  test('files larger than the limit are excluded, directories never', () => {
    tag('large', 'x'.repeat(1025))
    tag('small', 'x'.repeat(1024))
    const filter = excludeFilter({ excludeLargerThan: '1K' })
    const excluded = (name: string) => filter?.excludesEntry(name, lstat(join(directory, name)))
    expect(excluded('sub/large')).toBe(true)
    expect(excluded('sub/small')).toBe(false)
    expect(excludeFilter({ excludeLargerThan: '0' })?.excludesEntry('sub', lstat(join(directory, 'sub')))).toBe(false)
  })

  test('what lies beside a tag file is excluded, but not the tag nor the directory', () => {
    tag('.nobackup', '')
    const options = { excludeIfPresent: ['.nobackup'] }
    expect(excludesSub(options)).toBe(true)
    expect(excludesSub(options, '.nobackup')).toBe(false)
    expect(excludes(options, join(directory, 'sub'))).toBe(false)
    expect(excludes(options, join(directory, 'other'))).toBe(false)
  })

  test('a tag with a header counts when it begins with the header', () => {
    const warnings: TagFileWarning[] = []
    const options = {
      excludeIfPresent: ['TAG:magic: yes'],
      onWarning: (warning: TagFileWarning) => warnings.push(warning),
    }
    tag('TAG', 'magic: yes, indeed')
    expect(excludesSub(options)).toBe(true)
    expect(warnings).toEqual([])
    for (const content of ['magic: no', '', 'magic']) {
      tag('TAG', content)
      expect(excludesSub(options)).toBe(false)
    }
    expect(warnings.map(({ path }) => path)).toEqual(Array.from({ length: 3 }, () => join(directory, 'sub/TAG')))
  })

  test('caches are recognised by their signature', () => {
    tag('CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55\n# more')
    expect(excludesSub({ excludeCaches: true })).toBe(true)
    tag('CACHEDIR.TAG', 'Signature: something else')
    expect(excludesSub({ excludeCaches: true })).toBe(false)
  })

  test('a tag that is a FIFO is not waited for', () => {
    execFileSync('mkfifo', [join(directory, 'sub/TAG')])
    expect(excludesSub({ excludeIfPresent: ['TAG:header'] })).toBe(false)
    expect(excludesSub({ excludeIfPresent: ['TAG'] })).toBe(true)
  })

  test('a directory is looked at once for entries that come one after the other', () => {
    tag('TAG', '')
    const filter = excludeFilter({ excludeIfPresent: ['TAG'] })
    expect(filter?.excludesPath(join(directory, 'sub/a'))).toBe(true)
    rmSync(join(directory, 'sub/TAG'))
    expect(filter?.excludesPath(join(directory, 'sub/b'))).toBe(true)
    expect(filter?.excludesPath(join(directory, 'a'))).toBe(false)
    expect(filter?.excludesPath(join(directory, 'sub/b'))).toBe(false)
  })
})

test.for(['', ':header', 'a/b'])('the tag rule "%s" is refused', (rule) => {
  expect(() => excludeFilter({ excludeIfPresent: [rule] })).toThrow(InvalidInputError)
})
