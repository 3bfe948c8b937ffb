import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { hostname, release } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
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
import { type DockerEngine, ENDLESS, openEngine } from '../../src/docker/engine.ts'
import { type EngineInfo, isThisHost } from '../../src/docker/this-host.ts'

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

  test('that is frozen is told of, and no answer is waited for without end', async () => {
    const times = { pulseMs: 1000 }
    await using engine = await openEngine(parseEngineAddress(docker.host), process.env, signal, times)
    {
      using _ = await docker.freeze()
      await expect(namesOfVolumes(engine)).rejects.toMatchObject({
        code: 'DOCKER',
        message: expect.stringMatching(
          /^cannot list the volumes: the Docker Engine at unix:.* does not answer any more \(\d+ s\)$/,
        ),
        hint: expect.stringContaining('journalctl -u docker'),
      })
    }
    await expect.poll(() => namesOfVolumes(engine)).toEqual(['uploads'])
  })

  test('that is frozen in the middle of an answer breaks it off', async () => {
    const times = { pulseMs: 1000 }
    await using engine = await openEngine(parseEngineAddress(docker.host), process.env, signal, times)
    const events = await engine.ask('listen', (api) => api.getEvents())
    await docker.docker('volume', 'create', 'heard')
    const [first] = (await once(events, 'data')) as [Buffer]
    expect(first.toString()).toContain('heard')
    using _ = await docker.freeze()
    const [error] = (await once(events, 'error')) as [Error]
    expect(error.message).toMatch(/^cannot listen: .* does not answer any more/)
  })

  test('may take its time while it is there, and not without end', async () => {
    const times = { pulseMs: 1500, mostMs: 1000 }
    await using engine = await openEngine(parseEngineAddress(docker.host), process.env, signal, times)
    const silent = await engine.ask('listen', (api) => api.getEvents())
    const slow = (api: Docker, ms: number): Promise<string> => api.ping().then(() => sleep(ms, 'done'))
    expect(await engine.ask('wait', (api) => slow(api, 500))).toBe('done')
    expect(await engine.ask('wait', (api) => slow(api, 2000), ENDLESS)).toBe('done')
    await expect(engine.ask('wait', (api) => slow(api, 5000))).rejects.toThrow(
      /^cannot wait: the Docker Engine at .* has not done it after \d s$/,
    )
    expect(silent).toMatchObject({ destroyed: false })
    ;(silent as Readable).destroy()
  })

  test('says who it is, whichever way it is reached', async () => {
    await using engine = await open(parseEngineAddress(docker.host))
    await using other = await open(parseEngineAddress(docker.socket))
    expect(await engine.id()).toBe(await docker.docker('info', '--format', '{{.ID}}'))
    expect(await other.id()).toBe(await engine.id())
  })

  test('that is not there is named', async () => {
    await expect(open(parseEngineAddress('/absent/docker.sock'))).rejects.toMatchObject({
      message: 'cannot reach Docker: no Docker Engine answers at unix:///absent/docker.sock',
      hint: expect.stringContaining('systemctl start docker'),
    })
  })
})

test.skipIf(skipBecause(await whyNoDocker()))(
  'an engine with the name and the kernel of this host, and files of its own, is not on this host',
  async () => {
    // As in a container with the host's network: this folder is seen by the engine only.
    await using docker = await startDocker({ hasBaseImage: false, flags: ['--data-root', '/run/docker-of-its-own'] })
    await using engine = await openEngine(parseEngineAddress(docker.host), {}, signal)
    const about = await engine.ask('look', (api) => api.info() as Promise<EngineInfo>)
    expect(about).toMatchObject({ Name: hostname(), KernelVersion: release() })
    expect(await engine.isOnThisHost()).toBe(false)
    // Nor is it when something is there that looks alike.
    await using dir = await makeTempDir()
    const networks = (): Promise<{ Id: string; Name: string }[]> => engine.ask('look', (api) => api.listNetworks())
    const isHere = (): Promise<boolean> => isThisHost({ ...about, DockerRootDir: dir.path }, networks)
    await mkdir(dir.join('network/files'), { recursive: true })
    await writeFile(dir.join('network/files/local-kv.db'), 'another host network: 0123456789abcdef')
    expect(await isHere()).toBe(false)
    await writeFile(dir.join('network/files/local-kv.db'), `\0${(await networks()).map(({ Id }) => Id).join('\0')}`)
    expect(await isHere()).toBe(true)
    await writeFile(dir.join('engine-id'), 'another')
    expect(await isHere()).toBe(false)
    await writeFile(dir.join('engine-id'), `${about.ID}\n`)
    expect(await isHere()).toBe(true)
  },
)

test('something else that answers is no engine', async () => {
  await using server = await startHttpServer((_request, response) => void response.end('hello'))
  const { host } = new URL(server.url)
  await expect(openEngine(parseEngineAddress(`tcp://${host}`), {}, signal)).rejects.toThrow('is no Docker Engine')
})
