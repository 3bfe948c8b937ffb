import { test } from 'vitest'
import { explainSystemError, hasCode, isSystemError } from './system-error.ts'

function systemError(code: string): NodeJS.ErrnoException & { code: string } {
  return Object.assign(new Error(`${code}: refused`), { code, errno: -1, syscall: 'open', path: '/mnt/repo/data/ab' })
}

test.for([
  ['ENOSPC', 'no space left on its disk', false],
  ['EDQUOT', 'the disk quota is used up', false],
  ['EROFS', 'its file system is read-only', false],
  ['EACCES', 'permission denied for /mnt/repo/data/ab', false],
  ['EIO', 'the disk failed at /mnt/repo/data/ab', false],
  ['ENOTDIR', 'a part of /mnt/repo/data/ab is a file, not a folder', false],
  ['EMFILE', 'too many files are open', true],
  ['ETIMEDOUT', 'the system says ETIMEDOUT for /mnt/repo/data/ab', true],
  ['ESTALE', 'the system says ESTALE for /mnt/repo/data/ab', true],
] as const)('%s becomes a sentence with a next step', ([code, reason, transient], { expect }) => {
  const cause = systemError(code)
  const error = explainSystemError(cause, 'write pack 01234567', '/mnt/repo')
  expect(error.message).toBe(`cannot write pack 01234567 in /mnt/repo: ${reason}`)
  expect(error.transient).toBe(transient)
  expect(error.hint).toMatch(/.{20}/)
  expect(error.cause).toBe(cause)
})

test('only what the system refused counts as a system error', ({ expect }) => {
  expect(isSystemError(systemError('EIO'))).toBe(true)
  expect(isSystemError(new DOMException('aborted', 'AbortError'))).toBe(false)
  expect(isSystemError(new TypeError('a bug'))).toBe(false)
  expect(hasCode(systemError('EIO'), 'ENOENT', 'EIO')).toBe(true)
  expect(hasCode('EIO', 'EIO')).toBe(false)
})
