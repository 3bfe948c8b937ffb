import { describe, expect, test } from 'vitest'
import { s3Place } from './place.ts'

const common = { bucket: 'backups', prefix: 'some/place' }

describe('where a repository is', () => {
  test.each([
    [undefined, 's3:https://s3.amazonaws.com/backups/some/place'],
    ['https://s3.example.com', 's3:https://s3.example.com/backups/some/place'],
    ['http://192.0.2.1:9000/', 's3:http://192.0.2.1:9000/backups/some/place'],
    ['https://example.com/storage/s3/', 's3:https://example.com/storage/s3/backups/some/place'],
  ])('at %s, is written %s', (endpoint, location) => {
    expect(s3Place({ ...common, ...(endpoint !== undefined && { endpoint }) }).location).toBe(location)
  })

  test('at the top of a bucket has no slash at the end', () => {
    expect(s3Place({ bucket: 'backups', prefix: '' }).location).toBe('s3:https://s3.amazonaws.com/backups')
  })
})

describe('the region', () => {
  test.each([
    ['https://s3.amazonaws.com', undefined, undefined],
    ['https://s3.amazonaws.com', 'auto', undefined],
    ['https://s3.amazonaws.com', 'eu-west-1', 'eu-west-1'],
    ['https://s3.eu-central-1.amazonaws.com', 'auto', 'eu-central-1'],
    ['https://s3-us-west-2.amazonaws.com', undefined, 'us-west-2'],
    ['https://s3.cn-north-1.amazonaws.com.cn', undefined, 'cn-north-1'],
    ['https://abc.r2.cloudflarestorage.com', undefined, 'auto'],
    ['https://abc.eu.r2.cloudflarestorage.com', 'auto', 'auto'],
    ['https://s3.us-west-004.backblazeb2.com', undefined, 'us-west-004'],
    ['https://s3.eu-central-2.wasabisys.com', undefined, 'eu-central-2'],
    ['https://s3.wasabisys.com', undefined, 'us-east-1'],
    ['https://minio.example.com', undefined, 'us-east-1'],
    ['https://minio.example.com', 'tokyo', 'tokyo'],
    ['https://minio.example.com', 'auto', 'auto'],
  ])('of %s, given %s, is %s', (endpoint, region, expected) => {
    expect(s3Place({ ...common, endpoint, ...(region !== undefined && { region }) }).region).toBe(expected)
  })
})

describe('the bucket is in the host name', () => {
  test.each([
    [undefined, 'auto', false],
    [undefined, 'path', true],
    ['https://s3.eu-central-1.amazonaws.com', 'auto', false],
    ['https://bucket.vpce-1-2.s3.us-east-1.vpce.amazonaws.com', 'auto', false],
    ['https://oss-ap-northeast-1.aliyuncs.com', 'auto', false],
    ['https://s3.example.com', 'auto', true],
    ['https://s3.example.com', 'virtual', false],
    ['https://abc.r2.cloudflarestorage.com', 'auto', true],
  ] as const)('at %s, asked for %s: in the path %s', (endpoint, addressing, pathStyle) => {
    const place = s3Place({ ...common, ...(endpoint !== undefined && { endpoint }), addressing })
    expect(place.pathStyle).toBe(pathStyle)
  })
})

describe('what cannot be', () => {
  test.each([
    { endpoint: 'not a url' },
    { endpoint: 'ftp://example.com' },
    { endpoint: 'https://example.com/?list' },
    { bucket: 'a' },
    { bucket: 'with/slash' },
    { bucket: '-begins-badly' },
    { prefix: '/leading' },
    { prefix: 'trailing/' },
    { prefix: 'double//slash' },
    { prefix: 'up/../and/away' },
    { endpoint: 'https://example.com', region: 'not a region' },
  ])('is refused: %j', (wrong) => {
    expect(() => s3Place({ ...common, ...wrong })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', hint: expect.any(String) as string }),
    )
  })

  test('a password in the address is refused without being shown', () => {
    const error = captured(() => s3Place({ ...common, endpoint: 'https://user:hush@example.com' }))
    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(`${error.message} ${(error as { hint?: string }).hint}`).not.toContain('hush')
  })
})

function captured(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
