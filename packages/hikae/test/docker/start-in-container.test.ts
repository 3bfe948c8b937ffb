import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesOf, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientsInContainer } from '../../src/databases/clients-in-container.ts'
import { findContainer } from '../../src/docker/containers/container.ts'
import { type ContainerProgramOptions, startInContainer } from '../../src/docker/containers/start-in-container.ts'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'

const { signal } = new AbortController()

describe.skipIf(skipBecause(await whyNoDocker()))('a program in a container', () => {
  let docker: TestDocker
  let engine: DockerEngine
  let container: { id: string; name: string }

  beforeAll(async () => {
    docker = await startDocker()
    await docker.docker('run', '--detach', '--init', '--name', 'box', '--user', '12', 'test/base:1', 'sleep', '1000')
    engine = await openEngine(parseEngineAddress(docker.host), process.env, signal)
    container = await findContainer(engine, 'box')
  })
  afterAll(async () => {
    await engine?.[Symbol.asyncDispose]()
    await docker?.[Symbol.asyncDispose]()
  })

  const start = (command: readonly string[], options: Partial<ContainerProgramOptions> = {}) =>
    startInContainer(engine, container, command, { signal, ...options })
  const programsIn = async (): Promise<string> => docker.docker('exec', 'box', 'ps', '-o', 'args')

  test('streams what it prints, byte for byte', async () => {
    const complaints: string[] = []
    await using running = start(['sh', '-c', 'head -c 5000000 /dev/zero; printf "\\r\\n\\000end"; echo oops >&2'], {
      onComplaint: (line) => complaints.push(line),
    })
    const bytes = await buffer(running.stdout)
    await running.succeeded()
    expect(bytes.length).toBe(5_000_006)
    expect(bytes.subarray(-6).toString('latin1')).toBe('\r\n\0end')
    expect(complaints).toEqual(['oops'])
  })

  test('reads what it is given, up to the end of it', async () => {
    const given = bytesOf('input', 3_000_000)
    async function* parts(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < given.length; at += 100_000) yield given.subarray(at, at + 100_000)
    }
    await using running = start(['cat'], { stdin: parts() })
    expect((await buffer(running.stdout)).equals(given)).toBe(true)
    await running.succeeded()
  })

  test('has the variables and the user that it is to have, and needs no place in the arguments for a secret', async () => {
    await using running = start(['sh', '-c', 'echo "$WORD $(id -u)"'], { variables: { WORD: 'a b=c' }, user: '7' })
    expect((await buffer(running.stdout)).toString()).toBe('a b=c 7\n')
    await running.succeeded()
  })

  test.for([
    [
      ['sh', '-c', 'echo no such role >&2; exit 3'],
      'sh in the container box failed with exit status 3: no such role',
      3,
    ],
    [['no-such-program'], /^cannot run no-such-program in the container box: .*not found/, 127],
  ] as const)('%j fails with what it said', async ([command, message, exitCode], { expect }) => {
    for (const stdin of [undefined, (async function* () {})()]) {
      await using running = start(command, stdin ? { stdin } : {})
      await buffer(running.stdout)
      await expect(running.succeeded()).rejects.toMatchObject({
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        exitCode,
      })
    }
  })

  test.for(['reads nothing', 'reads on'])(
    'is gone when nobody wants it any more: one that %s',
    async (how, { expect }) => {
      const command = ['sh', '-c', `echo begun; exec sleep 87654`]
      {
        await using running = start(command, how === 'reads on' ? { stdin: forever() } : {})
        expect(await firstLine(running.stdout)).toBe('begun\n')
        expect(await programsIn()).toContain('sleep 87654')
      }
      expect(await programsIn()).not.toContain('87654')
    },
  )

  test('is stopped when the work is, and when it takes too long', async () => {
    const abort = new AbortController()
    await using stopped = start(['sleep', '87655'], { signal: abort.signal })
    await using late = start(['sleep', '87656'], { timeoutMs: 300 })
    setTimeout(() => abort.abort(new Error('stop it')), 300)
    await expect(stopped.succeeded()).rejects.toThrow('stop it')
    await expect(late.succeeded()).rejects.toThrow('sleep in the container box took longer than 0 s and was stopped')
    await expect.poll(programsIn).not.toMatch(/8765[56]/)
  })

  test('ends when we are killed', async () => {
    const program = join(import.meta.dirname, 'container-program.ts')
    const child = spawn(process.execPath, ['-C', '@hikae/source', program, docker.host, 'box', 'sleep', '87657'])
    await once(child.stdout, 'data')
    expect(await programsIn()).toContain('sleep 87657')
    child.kill('SIGKILL')
    await expect.poll(programsIn).not.toContain('87657')
  })

  test('is found by its name', async () => {
    const clients = clientsInContainer(engine, container, signal)
    expect(await clients.find(['no-such-program', 'cat'])).toMatch(/cat$/)
    expect(await clients.find(['no-such-program'])).toBeUndefined()
    expect(await clients.run(['echo', 'hello'], { signal })).toBe('hello\n')
    expect(clients.place).toBe('in the container box')
  })

  test('of an engine that dies is no success', async () => {
    await using running = start(['sh', '-c', 'echo begun; sleep 1000'])
    await firstLine(running.stdout)
    await docker.kill()
    await expect(running.succeeded()).rejects.toThrow(/sh in the container box/)
    await docker.start()
  })
})

async function firstLine(output: AsyncIterable<Uint8Array>): Promise<string> {
  const { value } = await output[Symbol.asyncIterator]().next()
  return Buffer.from(value as Uint8Array).toString()
}

async function* forever(): AsyncGenerator<Uint8Array> {
  for (;;) {
    await sleep(50)
    yield Buffer.from('x')
  }
}
