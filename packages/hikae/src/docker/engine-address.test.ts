import { describe, expect, test } from 'vitest'
import { engineOfEnvironment, formatEngineAddress, parseEngineAddress } from './engine-address.ts'

test.for([
  ['unix:///run/docker.sock', { kind: 'socket', path: '/run/docker.sock' }],
  ['unix://', { kind: 'socket', path: '/var/run/docker.sock' }],
  ['tcp://app.example.com', { kind: 'tcp', host: 'app.example.com', port: 2375 }],
  ['tcp://[::1]:99', { kind: 'tcp', host: '::1', port: 99 }],
  ['https://app.example.com', { kind: 'tcp', host: 'app.example.com', port: 2376, tls: {} }],
  ['ssh://deploy@app.example.com:2222', { kind: 'ssh', destination: 'deploy@app.example.com', port: 2222 }],
  ['ssh://app', { kind: 'ssh', destination: 'app' }],
] as const)('%s is understood, and written so that it is understood again', ([text, address]) => {
  expect(parseEngineAddress(text)).toEqual(address)
  expect(parseEngineAddress(formatEngineAddress(address))).toEqual(address)
})

test.for(['', 'docker', 'npipe:////./pipe/docker_engine', 'ftp://host', 'tcp://', 'ssh://-oProxyCommand=x'])(
  "'%s' is refused",
  (text) => {
    expect(() => parseEngineAddress(text)).toThrow(`'${text}' is no address of a Docker Engine`)
  },
)

describe('the environment', () => {
  test('says nothing: the socket of this machine', () => {
    expect(engineOfEnvironment({})).toEqual({ kind: 'socket', path: '/var/run/docker.sock' })
    expect(engineOfEnvironment({ DOCKER_HOST: '' })).toEqual({ kind: 'socket', path: '/var/run/docker.sock' })
  })

  test('wants TLS: the files of the Docker client', () => {
    const env = { DOCKER_HOST: 'tcp://h:1', DOCKER_TLS_VERIFY: '1', HOME: '/home/me' }
    const tls = { ca: '/home/me/.docker/ca.pem', cert: '/home/me/.docker/cert.pem', key: '/home/me/.docker/key.pem' }
    expect(engineOfEnvironment(env)).toEqual({ kind: 'tcp', host: 'h', port: 1, tls })
    expect(engineOfEnvironment({ ...env, DOCKER_CERT_PATH: '/c' })).toMatchObject({ tls: { ca: '/c/ca.pem' } })
  })
})
