import { describe, test } from 'vitest'
import { stateFolder } from './state-folder.ts'

const home = '/home/me'

describe('the state of a stack', () => {
  test('lies in the home of the user, below a name that tells which stack it is', ({ expect }) => {
    expect(stateFolder({ env: {}, home }, '/srv/shop/hikae.yaml')).toMatch(
      /^\/home\/me\/\.local\/state\/hikae\/stacks\/shop-[0-9a-f]{12}$/,
    )
  })

  test('follows XDG_STATE_HOME; an empty one does not count', ({ expect }) => {
    expect(stateFolder({ env: { XDG_STATE_HOME: '/var/state' }, home }, '/a/hikae.yml')).toMatch(
      /^\/var\/state\/hikae\/stacks\/a-/,
    )
    expect(stateFolder({ env: { XDG_STATE_HOME: '' }, home }, '/a/hikae.yml')).toMatch(/^\/home\/me\/\.local/)
  })

  test('is another one for another file, and the same for the same file', ({ expect }) => {
    const of = (file: string): string => stateFolder({ env: {}, home }, file)
    expect(of('/srv/a/shop/hikae.yaml')).not.toBe(of('/srv/b/shop/hikae.yaml'))
    expect(of('/srv/shop/hikae.yaml')).toBe(of('/srv/shop/hikae.yaml'))
  })

  test.for([
    ['/srv/web.yaml', 'web'],
    ['/hikae.yaml', 'stack'],
    ['/srv/控え ../hikae.yaml', '-..'],
    [`/srv/${'x'.repeat(200)}/hikae.yaml`, 'x'.repeat(40)],
  ] as const)('%s is called %s', ([file, label], { expect }) => {
    expect(stateFolder({ env: {}, home }, file).replace(/.*\/stacks\/(.*)-[0-9a-f]+$/, '$1')).toBe(label)
  })
})
