import { describe, test } from 'vitest'
import { checkAccess, type AccessRules } from './access.ts'
import { RefusedRequest } from './refused-request.ts'
import { parseTarget } from './request-target.ts'

const id = 'ab'.repeat(32)
const OPEN = { appendOnly: false, privateRepositories: false }

function statusOf(method: string, url: string, rules: Partial<AccessRules> = {}, user = 'alice'): number | undefined {
  try {
    checkAccess(parseTarget(url), method, user, { ...OPEN, ...rules })
    return undefined
  } catch (error) {
    if (error instanceof RefusedRequest) return error.status
    throw error
  }
}

describe('an append-only server', () => {
  const appendOnly = true

  test.for(['data', 'index', 'keys', 'snapshots'])('lets nobody remove from %s', (type, { expect }) => {
    expect(statusOf('DELETE', `/${type}/${id}`, { appendOnly })).toBe(403)
    expect(statusOf('DELETE', `/${type}/${id}`)).toBeUndefined()
  })

  test('lets nobody remove the config or a repository', ({ expect }) => {
    expect(statusOf('DELETE', '/config', { appendOnly })).toBe(403)
    expect(statusOf('DELETE', '/', { appendOnly })).toBe(405)
    expect(statusOf('DELETE', '/')).toBe(405)
  })

  test('lets locks be removed, and everything be read and added', ({ expect }) => {
    expect(statusOf('DELETE', `/locks/${id}`, { appendOnly })).toBeUndefined()
    for (const method of ['GET', 'HEAD', 'POST']) {
      expect(statusOf(method, `/data/${id}`, { appendOnly })).toBeUndefined()
    }
  })
})

describe('private repositories', () => {
  test.for([
    ['/alice/', undefined],
    ['/alice/laptop/config', undefined],
    ['/', 403],
    ['/config', 403],
    ['/data/', 403],
    ['/bob/', 403],
    ['/bob/alice/config', 403],
    ['/Alice/config', 403],
    ['/alice2/config', 403],
  ] as const)('%s of alice', ([url, status], { expect }) => {
    const method = url.endsWith('config') || url === '/data/' ? 'GET' : 'POST'
    expect(statusOf(method, url, { privateRepositories: true })).toBe(status)
  })
})

test('methods outside the protocol are refused everywhere', ({ expect }) => {
  for (const method of ['PUT', 'PATCH', 'TRACE', 'OPTIONS', 'MOVE', 'COPY', 'PROPFIND', 'MKCOL', 'post', '']) {
    for (const url of ['/', '/config', '/data/', `/data/${id}`, '/metrics']) expect(statusOf(method, url)).toBe(405)
  }
})
