import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import {
  findProgram,
  makeCertificates,
  makeTempDir,
  skipBecause,
  startDocker,
  startSftpServer,
  startHttpServer,
  type TestDocker,
  whyNoDocker,
  whyNoSftpServer,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EngineAddress, parseEngineAddress } from '../../src/docker/engine-address.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'

const { signal } = new AbortController()

async function namesOfVolumes(engine: DockerEngine): Promise<string[]> {
  const { Volumes } = await engine.ask('list the volumes', (api) => api.listVolumes())
  return Volumes.map(({ Name }) => Name)
}

describe.skipIf(skipBecause((await whyNoDocker()) ?? (await whyNoSftpServer())))('an engine', () => {
  let docker: TestDocker

  beforeAll(async () => {
    docker = await startDocker({ hasBaseImage: false })
    await docker.docker('volume', 'create', 'uploads')
  })
  afterAll(() => docker[Symbol.asyncDispose]())

  const open = (address: EngineAddress, env = process.env): Promise<DockerEngine> => openEngine(address, env, signal)

  test('on a socket is on this host', async () => {
    await using engine = await open(parseEngineAddress(docker.host))
    expect(await namesOfVolumes(engine)).toEqual(['uploads'])
    expect(engine.version).toMatch(/^\d+\.\d+/)
    expect(await engine.isOnThisHost()).toBe(true)
  })

  test('answers with its own words', async () => {
    await using engine = await open(parseEngineAddress(docker.host))
    const asked = engine.ask('look at the volume absent', (api) => api.getVolume('absent').inspect())
    await expect(asked).rejects.toMatchObject({
      message: 'cannot look at the volume absent: get absent: no such volume',
      status: 404,
    })
  })

  test('behind TLS wants to know who we are', async () => {
    await using certificates = await makeCertificates()
    const { authority, client, server } = certificates
    const secured = createServer(
      { cert: server.certificate, key: server.key, ca: authority.certificate, requestCert: true },
      (socket) => {
        const engine = connect(docker.socket)
        socket.pipe(engine).pipe(socket)
        socket.on('error', () => engine.destroy())
        engine.on('error', () => socket.destroy())
      },
    )
    secured.listen(0, '127.0.0.1')
    await once(secured, 'listening')
    const host = `tcp://127.0.0.1:${(secured.address() as AddressInfo).port}`
    const tls = { ca: authority.certificatePath, cert: client.certificatePath, key: client.keyPath }
    {
      await using engine = await open(parseEngineAddress(host, tls))
      expect(await namesOfVolumes(engine)).toEqual(['uploads'])
      expect(await engine.isOnThisHost()).toBe(false)
    }
    await expect(open(parseEngineAddress(host, { ca: authority.certificatePath }))).rejects.toMatchObject({
      hint: expect.stringContaining('the certificates under `engine: tls:`'),
    })
    await expect(open(parseEngineAddress(host, {}))).rejects.toThrow(/certificate/)
    await expect(open(parseEngineAddress(host, { ca: '/absent/ca.pem' }))).rejects.toThrow('/absent/ca.pem')
    secured.close()
  })

  test('behind ssh is reached as the user would reach it', async () => {
    await using dir = await makeTempDir()
    await using server = await startSftpServer({ settings: [`SetEnv DOCKER_HOST=${docker.host}`] })
    const settings = ['-F', '/dev/null', '-i', server.identityFile, '-o', `UserKnownHostsFile=${server.knownHostsFile}`]
    const ssh = await findProgram('ssh')
    await mkdir(dir.join('bin'))
    await writeFile(dir.join('bin/ssh'), `#!/bin/sh\nexec ${ssh} ${settings.join(' ')} "$@"\n`)
    await chmod(dir.join('bin/ssh'), 0o755)
    const env = { ...process.env, PATH: `${dir.join('bin')}:${process.env['PATH']}` }
    const address = parseEngineAddress(`ssh://${server.user}@${server.host}:${server.port}`)
    {
      await using engine = await open(address, env)
      expect(await namesOfVolumes(engine)).toEqual(['uploads'])
      const asked = await Promise.all([1, 2, 3].map(() => namesOfVolumes(engine)))
      expect(asked).toEqual([['uploads'], ['uploads'], ['uploads']])
      expect(await engine.isOnThisHost()).toBe(false)
    }
    await expect.poll(() => server.countSessions()).toBe(0)
    await server.changeHostKeys()
    await expect(open(address, env)).rejects.toMatchObject({
      message: expect.stringContaining('Host key verification failed'),
      hint: `try \`ssh ${server.user}@127.0.0.1 docker version\` by hand`,
    })
  })

  test('that is not there is named', async () => {
    await expect(open(parseEngineAddress('/absent/docker.sock'))).rejects.toMatchObject({
      message: 'cannot reach Docker: no Docker Engine answers at unix:///absent/docker.sock',
      hint: expect.stringContaining('systemctl start docker'),
    })
  })
})

test('something else that answers is no engine', async () => {
  await using server = await startHttpServer((_request, response) => void response.end('hello'))
  const { host } = new URL(server.url)
  await expect(openEngine(parseEngineAddress(`tcp://${host}`), {}, signal)).rejects.toThrow('is no Docker Engine')
})
