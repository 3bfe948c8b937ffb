import { describe, expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { parseLocation } from './location.ts'

describe('parseLocation', () => {
  test.each([
    ['/mnt/backup', '/mnt/backup'],
    ['relative/folder', 'relative/folder'],
    ['local:/mnt/backup', '/mnt/backup'],
    ['local:odd:name', 'odd:name'],
    ['./odd:name', './odd:name'],
    ['  /mnt/backup\n', '/mnt/backup'],
  ])('%j is the folder %s', (text, path) => expect(parseLocation(text)).toEqual({ kind: 'local', path }))

  test.each(['s3:s3.example.com/bucket', 'sftp:host:/x', 'rest:https://user:pass@host/', 'rclone:remote:x', 'b2:x'])(
    '%s is refused as not in this version',
    (text) => expect(() => parseLocation(text)).toThrow('are not in this version of Hikae'),
  )

  test('an unknown kind is refused without repeating the address, which may hold a password', () => {
    expect(() => parseLocation('ftp:user:secret@host')).toThrow(/^there is no kind of repository called 'ftp'$/)
  })

  test.each(['', '  ', 'local:'])('%j is refused', (text) => expect(() => parseLocation(text)).toThrow(UsageError))
})
