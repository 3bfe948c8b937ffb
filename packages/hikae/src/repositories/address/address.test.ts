import { describe, expect, test } from 'vitest'
import { UsageError } from '../../errors.ts'
import { addressOf } from '../location.ts'
import { parseAddress } from './address.ts'

describe('an address without a scheme, or with local:', () => {
  test.each([
    ['/mnt/backup', '/mnt/backup'],
    ['relative/folder', 'relative/folder'],
    ['local:/mnt/backup', '/mnt/backup'],
    ['local:odd:name', 'odd:name'],
    ['./odd:name', './odd:name'],
    ['  /mnt/backup\n', '/mnt/backup'],
  ])('%j is the folder %s', (text, path) => expect(parseAddress(text)).toEqual({ kind: 'local', path }))
})

describe('an s3: address', () => {
  test.each([
    ['s3:https://s3.example.com:9000/bucket/some/prefix/', 'https://s3.example.com:9000', 'bucket', 'some/prefix'],
    ['s3:http://127.0.0.1:9000/bucket', 'http://127.0.0.1:9000', 'bucket', ''],
    ['s3:s3.example.com/bucket/prefix', 'https://s3.example.com', 'bucket', 'prefix'],
    ['s3://s3.example.com/bucket//prefix', 'https://s3.example.com', 'bucket', 'prefix'],
    ['S3:https://s3.example.com/bucket', 'https://s3.example.com', 'bucket', ''],
  ])('%s is understood as restic does', (text, endpoint, bucket, prefix) => {
    expect(parseAddress(text)).toEqual({ kind: 's3', endpoint, bucket, prefix })
  })

  test("AWS's general host is left for the region to decide", () => {
    expect(parseAddress('s3:s3.amazonaws.com/bucket')).toEqual({ kind: 's3', bucket: 'bucket', prefix: '' })
  })

  test.each(['s3:', 's3:https://host', 's3:https://host/', 's3:ftp://host/bucket/?x', 's3:https://host/bucket#x'])(
    '%s is refused',
    (text) => expect(() => parseAddress(text)).toThrow(UsageError),
  )
})

describe('an sftp: address', () => {
  test.each([
    ['sftp:user@host:/srv/hikae', { user: 'user', host: 'host', path: '/srv/hikae' }],
    ['sftp:host:relative/path', { host: 'host', path: 'relative/path' }],
    ['sftp:user@domain@host:/x', { user: 'user@domain', host: 'host', path: '/x' }],
    ['sftp://user@host:2222//srv/hikae', { user: 'user', host: 'host', port: 2222, path: '/srv/hikae' }],
    ['sftp://host/relative', { host: 'host', path: 'relative' }],
    ['sftp://user@[::1]:2222//srv', { user: 'user', host: '::1', port: 2222, path: '/srv' }],
    ['sftp:user@[fe80::1]:/srv', { user: 'user', host: 'fe80::1', path: '/srv' }],
  ])('%s is understood as restic does', (text, fields) => {
    expect(parseAddress(text)).toEqual({ kind: 'sftp', ...fields })
  })

  test.each([
    'sftp:host',
    'sftp:host:',
    'sftp://host',
    'sftp://host:99999//x',
    'sftp:-oProxyCommand=evil:/x',
    'sftp:-u@host:/x',
  ])('%s is refused', (text) => expect(() => parseAddress(text)).toThrow(UsageError))
})

describe('a rest: address', () => {
  test('keeps its credentials apart from what is printed', () => {
    const location = parseAddress('rest:https://us%40er:se%2Fcret@host:8000/path')
    expect(location).toEqual({
      kind: 'rest',
      url: 'https://host:8000/path/',
      user: { kind: 'literal', value: 'us@er' },
      password: { kind: 'literal', value: 'se/cret' },
    })
    expect(addressOf(location)).toBe('rest:https://host:8000/path/')
  })

  test.each(['rest:', 'rest:host:8000/', 'rest:ftp://host/'])('%s is refused', (text) => {
    expect(() => parseAddress(text)).toThrow(UsageError)
  })
})

describe('an rclone: address', () => {
  test('is everything after the first colon', () => {
    expect(parseAddress('rclone:remote:some/path')).toEqual({ kind: 'rclone', remote: 'remote:some/path' })
  })

  test.each(['rclone:', 'rclone:remote', 'rclone:/path', 'rclone:--config=x:y'])('%s is refused', (text) => {
    expect(() => parseAddress(text)).toThrow(UsageError)
  })
})

describe('other addresses', () => {
  test.each(['b2:bucket', 'gs:bucket:/', 'azure:container:/', 'swift:container:/'])(
    '%s is refused with the way that leads there',
    (text) => {
      expect(() => parseAddress(text)).toThrow(
        expect.objectContaining({ hint: expect.stringMatching(/s3:|rclone:/) as string }) as Error,
      )
    },
  )

  test('an unknown kind is refused without repeating the address, which may hold a password', () => {
    expect(() => parseAddress('ftp:user:secret@host')).toThrow(/^there is no kind of repository called 'ftp'$/)
  })

  test.each([
    'rest:https://user:secret@host:port/',
    's3:https://user:secret@host/bucket',
    'sftp:user:secret@host:/path',
    'sftp://user:secret@host//path',
  ])('no message about %s repeats its password', (text) => {
    try {
      parseAddress(text)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
      expect((error as UsageError).message + (error as UsageError).hint).not.toContain('secret')
    }
  })

  test.each(['', '  ', 'local:'])('%j is refused', (text) => expect(() => parseAddress(text)).toThrow(UsageError))
})
