import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { requestArchive } from './archive/archive-request.ts'
import { parseEngineAddress } from './engine-address.ts'
import { DockerError } from './engine-error.ts'
import { type DockerEngine, openEngine } from './engine.ts'

const { signal } = new AbortController()

/** As HAProxy says it. */
const FORBIDDEN = '<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n'

/** An engine behind something that gives one answer to all but the first question. */
async function failureBehind(
  answer: { readonly status: number; readonly body: string },
  question: (engine: DockerEngine) => Promise<unknown>,
): Promise<DockerError> {
  const answers: RequestListener = ({ url }, response) => {
    if (url?.endsWith('/version')) return void response.end(JSON.stringify({ ApiVersion: '1.41', Version: '20.10' }))
    response.writeHead(answer.status)
    response.end(answer.body)
  }
  const server = createServer(answers).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    await using engine = await openEngine(parseEngineAddress(`tcp://127.0.0.1:${port}`), {}, signal)
    const failed = await question(engine).catch((error: unknown) => error)
    if (!(failed instanceof DockerError)) throw new Error('it has not failed', { cause: failed })
    return failed
  } finally {
    server.close()
  }
}

const stop = (engine: DockerEngine): Promise<unknown> =>
  engine.ask('stop shop-db-1', (api) => api.getContainer('shop-db-1').stop({ t: 5 }))

test('a proxy that refuses says which request, and what would let it through', async () => {
  const { message, hint, status } = await failureBehind({ status: 403, body: FORBIDDEN }, stop)
  expect(message).toMatch(
    /^cannot stop shop-db-1: the proxy at tcp:\S+ refuses POST \/containers\/shop-db-1\/stop \(403\)$/,
  )
  expect(hint).toContain('ALLOW_STOP=1')
  expect(status).toBe(403)
})

test.for([
  { what: 'pauses', setting: 'ALLOW_PAUSE', ask: (api) => api.getContainer('a').pause() },
  { what: 'makes helpers', setting: 'ALLOW_HELPERS', ask: (api) => api.createContainer({ Image: 'a' }) },
  { what: 'runs programs', setting: 'ALLOW_EXEC', ask: (api) => api.getContainer('a').exec({ Cmd: ['a'] }) },
  { what: 'looks at configs', setting: 'ALLOW_SWARM', ask: (api) => api.listConfigs() },
  { what: 'makes volumes', setting: 'hikae-restore', ask: (api) => api.createVolume({ Name: 'a' }) },
  { what: 'looks', setting: 'Hikae has to look', ask: (api) => api.listVolumes() },
] satisfies { what: string; setting: string; ask: Parameters<DockerEngine['ask']>[1] }[])(
  'whoever $what is told of $setting',
  async ({ setting, ask }) => {
    const { hint } = await failureBehind({ status: 403, body: FORBIDDEN }, (engine) => engine.ask('do it', ask))
    expect(hint).toContain(setting)
  },
)

test('an archive that is refused is told of too, with nothing in the answer', async () => {
  const read = async (engine: DockerEngine): Promise<unknown> => {
    for await (const part of requestArchive(engine, 'blog', '/app', signal)) return part
    return undefined
  }
  const { message, hint } = await failureBehind({ status: 403, body: '' }, read)
  expect(message).toContain('refuses GET /containers/blog/archive (403)')
  expect(hint).toContain('ALLOW_FILES=1')
})

test('a proxy without an engine behind it is no engine that refuses', async () => {
  const body = '<html><body><h1>502 Bad Gateway</h1></body></html>'
  const { message, status } = await failureBehind({ status: 502, body }, stop)
  expect(message).toContain('does not reach the Docker Engine (502)')
  expect(status).toBe(503)
})

test("the engine's own refusal is told in its own words", async () => {
  const body = JSON.stringify({ message: 'container rootfs is marked read-only' })
  const { message, hint } = await failureBehind({ status: 403, body }, stop)
  expect(message).toBe('cannot stop shop-db-1: container rootfs is marked read-only')
  expect(hint).toBeUndefined()
})
