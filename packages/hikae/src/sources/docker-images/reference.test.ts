import { describe, test } from 'vitest'
import { familiarName, matchesReference, repositoryOf } from './reference.ts'

const DIGEST = `sha256:${'a1'.repeat(32)}`

describe('a name of an image', () => {
  test.for([
    ['nginx', 'nginx:latest'],
    ['docker.io/library/nginx', 'nginx:latest'],
    ['docker.io/me/app:2', 'me/app:2'],
    ['library/tools/app', 'library/tools/app:latest'],
    ['registry:5000/app', 'registry:5000/app:latest'],
    [`app:1@${DIGEST}`, `app@${DIGEST}`],
    [`localhost:5000/app@${DIGEST}`, `localhost:5000/app@${DIGEST}`],
  ])('%s is what Docker lists as %s', ([written, listed], { expect }) => {
    expect(familiarName(written!)).toBe(listed)
  })

  test('is without its tag and digest the name of a repository', ({ expect }) => {
    expect(['registry:5000/me/app:1', `registry:5000/me/app@${DIGEST}`].map(repositoryOf)).toEqual([
      'registry:5000/me/app',
      'registry:5000/me/app',
    ])
  })

  test.for([
    ['me/app:1', 'me/*', true],
    ['me/app:1', 'me/app:*', true],
    ['me/app:1', 'me/a?p', true],
    ['me/app:1', '*', false],
    ['ghcr.io/me/app:1', 'ghcr.io/**', true],
    ['ghcr.io/me/app:1', 'ghcr.io/*', false],
    ['nginx:1', 'docker.io/library/ngin*', true],
    ['app.x:1', 'app?x:1', true],
    ['appyx:1', 'app.x*', false],
    [`app@${DIGEST}`, 'app*', true],
    ['app:1', 'app', false],
    ['app:latest', 'app', true],
  ] as const)('%s is meant by %s: %s', ([name, pattern, isMeant], { expect }) => {
    expect(matchesReference(name, pattern)).toBe(isMeant)
  })
})
