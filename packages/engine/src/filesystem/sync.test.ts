import { expect, test } from 'vitest'
import { syncFileSystem } from './sync.ts'

test('a file system is synced by any path on it, and a wrong path is told', () => {
  expect(() => syncFileSystem(import.meta.dirname)).not.toThrow()
  expect(() => syncFileSystem(`${import.meta.dirname}/nowhere`)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})
