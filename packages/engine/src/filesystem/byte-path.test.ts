import fc from 'fast-check'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import {
  absolutePath,
  baseName,
  childPath,
  cleanPath,
  parentPath,
  pathComponents,
  printablePath,
  textOf,
} from './byte-path.ts'

test('clean paths are those of POSIX, without a slash at the end', () => {
  const part = fc.constantFrom('.', '..', 'a', 'b', '', '...', '\xff')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, absolute) => {
      const path = (absolute ? '/' : '') + parts.join('/')
      const normal = posix.normalize(path)
      expect(cleanPath(path)).toBe(normal.length > 1 ? normal.replace(/\/$/, '') : normal)
    }),
  )
})

test('a path is taken apart and put together', () => {
  expect(absolutePath('../x', '/a/b')).toBe('/a/x')
  expect(absolutePath('/x/', '/a/b')).toBe('/x')
  expect(childPath('/', 'a')).toBe('/a')
  expect(childPath('/a', 'b')).toBe('/a/b')
  expect(parentPath('/a/b')).toBe('/a')
  expect(parentPath('/a')).toBe('/')
  expect(parentPath('/')).toBe('/')
  expect(baseName('/a/b')).toBe('b')
  expect(pathComponents('/a/b')).toEqual(['a', 'b'])
  expect(pathComponents('/')).toEqual([])
})

test('a printable path keeps text and shows every other byte', () => {
  expect(printablePath(Buffer.from('/ä/日本').toString('latin1'))).toBe('/ä/日本')
  expect(printablePath('/\xe4/a\n\x1b[31m\x7f')).toBe('/\\xe4/a\\x0a\\x1b[31m\\x7f')
})

test('bytes that are not UTF-8 become one replacement character each', () => {
  expect(textOf('a\xe2\x82b\xff')).toBe('a\ufffd\ufffdb\ufffd')
})
