import { describe, test } from 'vitest'
import { gitConfig } from './config.ts'

const token = { env: 'TOKEN' }

function problemOf(config: unknown): string | undefined {
  const parsed = gitConfig.safeParse(config)
  return parsed.success ? undefined : parsed.error.issues.map(({ message }) => message).join('; ')
}

describe('the configuration of a git source', () => {
  test.for([
    [{ path: '.' }],
    [{ url: 'https://git.example.com/team/app.git' }],
    [{ url: 'https://git.example.com/app', token, username: 'backup', lfs: false }],
    [{ url: 'http://127.0.0.1:3000/app.git', token }],
    [{ url: 'ssh://git@git.example.com:2222/~/app.git', sshKey: { file: 'key' } }],
    [{ url: 'git@git.example.com:team/app.git' }],
    [{ url: 'git@[::1]:app.git' }],
  ])('takes %j', ([config], { expect }) => {
    expect(problemOf(config)).toBeUndefined()
  })

  test.for([
    [{}, 'one of url and path'],
    [{ url: 'https://host/app', path: '.' }, 'one of url and path'],
    [{ url: 'https://me:geheim@host/app.git' }, 'password must not stand in the address'],
    [{ url: 'https://geheim@host/app.git' }, 'token must not stand in the address'],
    [{ url: 'ssh://me:geheim@host/app.git' }, 'password must not stand in the address'],
    [{ url: 'ext::sh -c geheim' }, 'no address'],
    [{ url: 'ext::geheim' }, 'begins with https://'],
    [{ url: 'file:///srv/geheim.git' }, 'only addresses with https:// and ssh://'],
    [{ url: 'git://host/geheim.git' }, 'only addresses with https:// and ssh://'],
    [{ url: '--upload-pack=geheim' }, 'no address'],
    [{ url: '-oProxyCommand=geheim:x' }, 'no address'],
    [{ url: 'ssh://-oProxyCommand=geheim/x' }, 'names no server'],
    [{ url: 'host:-geheim' }, 'begins with https://'],
    [{ url: 'https://host/app\ngeheim' }, 'no address'],
    [{ url: 'http://host/app.git', token }, 'must not go over http://'],
    [{ url: 'git@host:app.git', token }, 'a token is for an address with https://'],
    [{ path: '.', token }, 'a token is for an address with https://'],
    [{ url: 'https://host/app.git', username: 'me' }, 'a user name is for a token'],
    [{ url: 'https://host/app.git', username: 'me\nhost=evil', token }, 'no control characters'],
    [{ url: 'https://host/app.git', sshKey: { file: 'key' } }, 'a key is for an address with ssh://'],
    [{ path: '.', tokens: 'x' }, 'Unrecognized key'],
  ])('refuses %j', ([config, why], { expect }) => {
    const problem = problemOf(config)
    expect(problem).toContain(why)
    expect(problem).not.toContain('geheim')
  })
})
