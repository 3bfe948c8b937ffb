import { describe, test } from 'vitest'
import { originOf, shownAddress, sshParts } from './address.ts'

describe('an address of a repository', () => {
  test.for([
    ['git@host:team/app.git', { host: 'git@host', path: 'team/app.git' }],
    ['host:/srv/app.git', { host: 'host', path: '/srv/app.git' }],
    ['git@[::1]:app.git', { host: 'git@::1', path: 'app.git' }],
    ['ssh://git@host:2222/srv/my%20app.git', { host: 'git@host', port: '2222', path: '/srv/my app.git' }],
    ['ssh://[::1]/app.git', { host: '::1', path: '/app.git' }],
  ] as const)('%s is taken apart for ssh', ([address, parts], { expect }) => {
    expect(sshParts(address)).toEqual(parts)
  })

  test.for([
    ['https://me:geheim@host/app.git?key=geheim', 'https://host/app.git'],
    ['ssh://git:geheim@host/app.git', 'ssh://git@host/app.git'],
    ['me:geheim@host:app.git', 'host:app.git'],
    ['git@host:app.git', 'git@host:app.git'],
    ['../lib.git', '../lib.git'],
  ] as const)('%s is shown without what is secret', ([address, shown], { expect }) => {
    expect(shownAddress(address)).toBe(shown)
  })

  test('on the web has an origin, to which a token belongs', ({ expect }) => {
    expect(originOf('https://Host:443/app.git')).toBe('https://host')
    expect(originOf('https://host:8443/app.git')).toBe('https://host:8443')
    expect(originOf('git@host:app.git')).toBeUndefined()
  })
})
