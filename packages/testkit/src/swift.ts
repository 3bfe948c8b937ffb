import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { connect } from 'node:net'
import { once } from 'node:events'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { answers, startDaemon } from './daemon.ts'
import { findFreePorts } from './free-ports.ts'
import { missingPrograms } from './requirements.ts'
import { runOk } from './run-process.ts'
import { s3Client, type S3Server } from './s3-server.ts'
import { proxyConfig, SHARED_CONFIG, storeConfig, SWIFT_STORES, type SwiftStore } from './swift/server-config.ts'
import { makeTempDir } from './temp-dir.ts'

const ACCESS = { account: 'test', user: 'tester', key: 'testing' }

/** Why {@link startSwift} cannot work here; undefined when it can. */
export async function whyNoSwift(): Promise<string | undefined> {
  const servers = [...SWIFT_STORES, 'proxy'].map((part) => `swift-${part}-server`)
  return await missingPrograms(...servers, 'memcached')
}

/**
 * Starts OpenStack Swift with its S3 interface, as the example of a server that can do less: it has neither conditional
 * writes nor object lock. 2 s; about 300 MB of memory. Its objects lie in the folder for temporary files.
 */
export async function startSwift(): Promise<S3Server> {
  await using started = new AsyncDisposableStack()
  const dir = started.use(await makeTempDir())
  const [port, cachePort, account, container, object] = (await findFreePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const storePorts = { account, container, object }
  await mkdir(dir.join('srv', 'd1'), { recursive: true })
  await mkdir(dir.join('log'))
  await writeFile(dir.join('swift.conf'), SHARED_CONFIG)
  await writeFile(dir.join('proxy.conf'), proxyConfig(port, cachePort, dir.path, ACCESS))
  await makeRings(dir.path, storePorts)
  const daemon = async (program: string, ...args: string[]) =>
    started.use(await startDaemon(program, args, { log: dir.join('log', `${program}.out`) }))

  const cache = await daemon(
    'memcached',
    '-u',
    userInfo().username,
    '-l',
    '127.0.0.1',
    '-p',
    `${cachePort}`,
    '-m',
    '32',
  )
  const stores = SWIFT_STORES.map(async (store) => {
    await writeFile(dir.join(`${store}.conf`), storeConfig(store, storePorts[store], dir.path))
    const running = await daemon(`swift-${store}-server`, dir.join(`${store}.conf`), '-v')
    return { running, port: storePorts[store] }
  })
  const servers = [{ running: cache, port: cachePort }, ...(await Promise.all(stores))]
  const proxy = await daemon('swift-proxy-server', dir.join('proxy.conf'), '-v')
  for (const server of servers) await server.running.waitUntil(() => listens(server.port))
  const endpoint = `http://127.0.0.1:${port}`
  await proxy.waitUntil(() => answers(`${endpoint}/healthcheck`))

  const credentials = { accessKeyId: `${ACCESS.account}:${ACCESS.user}`, secretAccessKey: ACCESS.key }
  const client = s3Client(endpoint, credentials)
  started.defer(() => client.destroy())
  const owned = started.move()
  return {
    endpoint,
    credentials,
    client,
    async makeBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Which device holds what: always the only one. One run of Python for all, as each takes as long as the rest. */
async function makeRings(folder: string, ports: Readonly<Record<SwiftStore, number>>): Promise<void> {
  await runOk(DEBIANS_PYTHON, ['-c', MAKE_RINGS, folder, JSON.stringify(ports)])
}

/** The one that has Swift's modules, whatever comes first on PATH. */
const DEBIANS_PYTHON = '/usr/bin/python3'

const MAKE_RINGS = `
import json, sys
from swift.common.ring import RingBuilder
folder, ports = sys.argv[1], json.loads(sys.argv[2])
for store, port in ports.items():
    builder = RingBuilder(2, 1, 0)
    address = dict(ip="127.0.0.1", port=port, replication_ip="127.0.0.1", replication_port=port)
    builder.add_dev(dict(region=1, zone=1, device="d1", weight=1, **address))
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{store}.ring.gz")
`

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false // not yet
  } finally {
    socket.destroy()
  }
}
