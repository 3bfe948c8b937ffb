import fc from 'fast-check'
import { describe, test } from 'vitest'
import { RefusedRequest } from './refused-request.ts'
import { parseTarget } from './request-target.ts'

const id = '0123456789abcdef'.repeat(4)

function statusOf(url: string): number | undefined {
  try {
    parseTarget(url)
    return undefined
  } catch (error) {
    if (error instanceof RefusedRequest) return error.status
    throw error
  }
}

describe('addresses of the protocol', () => {
  test.for([
    ['/', []],
    ['/alice/', ['alice']],
    ['/alice', ['alice']],
    ['/alice/lap%20top/', ['alice', 'lap top']],
    ['/%E6%8E%A7%E3%81%88/', ['控え']],
    ['/a@b.example/', ['a@b.example']],
  ] as const)('%s is a repository', ([url, folders], { expect }) => {
    expect(parseTarget(url)).toEqual({ kind: 'repository', folders, create: false })
    expect(parseTarget(`${url}?create=true`)).toEqual({ kind: 'repository', folders, create: true })
  })

  test.for([
    ['/data/', [], 'pack'],
    ['/alice/keys/', ['alice'], 'key'],
    ['/alice/laptop/locks/', ['alice', 'laptop'], 'lock'],
    ['/snapshots/', [], 'snapshot'],
    ['/index/', [], 'index'],
  ] as const)('%s is a list', ([url, folders, type], { expect }) => {
    expect(parseTarget(url)).toEqual({ kind: 'list', folders, type })
  })

  test('files have ids, but for the config', ({ expect }) => {
    expect(parseTarget(`/alice/data/${id}`)).toEqual({ kind: 'file', folders: ['alice'], type: 'pack', name: id })
    expect(parseTarget('/config')).toEqual({ kind: 'file', folders: [], type: 'config', name: '' })
    expect(parseTarget('/a/b/config?x=y')).toEqual({ kind: 'file', folders: ['a', 'b'], type: 'config', name: '' })
  })

  test('metrics are at one address only', ({ expect }) => {
    expect(parseTarget('/metrics')).toEqual({ kind: 'metrics' })
    expect(parseTarget('/metrics/')).toMatchObject({ kind: 'repository', folders: ['metrics'] })
  })
})

describe('addresses that lead nowhere', () => {
  test.for([
    '/../etc/',
    '/alice/../bob/config',
    '/alice/%2e%2e/config',
    '/alice/..%2fbob/config',
    '/alice%2f..%2fbob/config',
    '/alice/%252e%252e/config',
    '/alice/./config',
    '//config',
    '/alice//config',
    '/alice/%00/config',
    '/alice%00/config',
    '/alice%0a/config',
    '/%ff/config',
    '/%/config',
    '/.htpasswd',
    '/.hidden/config',
    '/-rf/config',
    '/~/config',
    '/alice\\..\\bob/config',
    `/${'x'.repeat(201)}/config`,
    'http://elsewhere/config',
    '*',
    '',
    'config',
  ])('%s is refused as malformed', (url, { expect }) => {
    expect(statusOf(url)).toBe(400)
  })

  test.for([
    '/a/b/c/config',
    '/a/b/c/',
    '/config/',
    '/config/x',
    '/data',
    '/data/xyz',
    `/data/${id.toUpperCase()}`,
    `/data/${id}/`,
    `/data/01/${id}`,
    `/data/${id}-tmp-1`,
    `/data/../keys/${id}`,
    `/data/..%2f..%2fetc%2fpasswd`,
    '/data/data/',
    '/alice/config/config',
  ])('%s means nothing', (url, { expect }) => {
    expect(statusOf(url)).toBe(404)
  })

  test('whatever the address, folders are plain names', ({ expect }) => {
    const piece = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '%2e%2e',
        '%2f',
        '/',
        '\\',
        '%5c',
        '%00',
        'alice',
        'data',
        'config',
        id,
        '~',
        ' ',
        '%20',
      ),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const url = `/${pieces.join('/')}`
        if (statusOf(url) !== undefined) return
        const target = parseTarget(url)
        for (const folder of target.kind === 'metrics' ? [] : target.folders) {
          expect(folder).toMatch(/^[^./\\\p{Cc}-][^/\\\p{Cc}]*$/u)
        }
      }),
    )
  })
})
