import { test } from 'vitest'
import { namesBelow, parsePrefix } from './prefix.ts'

test.for(['restored', 'restored/', 'restored/today', 'registry.example.com/me', 'localhost:5000'])(
  '%s can stand before names',
  (prefix, { expect }) => {
    expect(parsePrefix(prefix)).toBe(prefix.replace(/\/$/, ''))
  },
)

test.for(['/tmp/folder', 'Restored', 'a b', '', '../x', 'app:1/x:2', './file'])('%j cannot', (prefix, { expect }) => {
  expect(() => parsePrefix(prefix)).toThrow(/cannot stand before the names of images/)
})

test('the port of a registry becomes part of a word', ({ expect }) => {
  expect(namesBelow('restored', ['app:1', 'localhost:5000/me/app:1'])).toEqual([
    'restored/app:1',
    'restored/localhost-5000/me/app:1',
  ])
})
