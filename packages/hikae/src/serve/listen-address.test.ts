import { test } from 'vitest'
import { UsageError } from '../errors.ts'
import { describeAddress } from './listen.ts'
import { isLocalAddress, parseListenAddress } from './listen-address.ts'

test.for([
  ['127.0.0.1:8000', { kind: 'tcp', host: '127.0.0.1', port: 8000 }, true],
  ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }, true],
  ['[::1]:8000', { kind: 'tcp', host: '::1', port: 8000 }, true],
  [':8000', { kind: 'tcp', host: '', port: 8000 }, false],
  ['backup.example:443', { kind: 'tcp', host: 'backup.example', port: 443 }, false],
  ['unix:/run/hikae.sock', { kind: 'unix', path: '/run/hikae.sock' }, true],
] as const)('%s', ([text, address, local], { expect }) => {
  expect(parseListenAddress(text)).toEqual(address)
  expect(isLocalAddress(parseListenAddress(text))).toBe(local)
  expect(describeAddress(address)).toBe(text)
})

test.for(['8000', '127.0.0.1', '::1:8000', '[nonsense]:1', 'host:65536', 'host:-1', 'unix:relative', '', 'http://x:1'])(
  '%s is no address',
  (text, { expect }) => {
    expect(() => parseListenAddress(text)).toThrow(UsageError)
  },
)
