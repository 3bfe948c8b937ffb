import { createRequire } from 'node:module'
import { isChange, watchSystemCalls } from '@hikae/testkit'
import { openLocalBackend, openRepository } from '@hikae/engine'
import { openPoint } from '../../src/points/snapshot-point.ts'
import { dockerVolumesConfig } from '../../src/sources/docker-volumes/config.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'

/** What the program is told, as JSON in its argument. */
export interface RestoreOrder {
  readonly host: string
  /** Of the engine. */
  readonly dataRoot: string
  readonly volume: string
  readonly read: 'direct' | 'archive'
  readonly repository: string
  readonly password: string
  /** Where state and locks lie. */
  readonly folder: string
  /** The change of the engine, or of its files, before which the program dies; the first is 1. */
  readonly at: number
}

type Request = (options: { readonly method?: string }, ...others: readonly unknown[]) => unknown

const order = JSON.parse(process.argv[2]!) as RestoreOrder
let changes = 0

function change(): void {
  changes++
  if (changes === order.at) process.kill(process.pid, 'SIGKILL')
}

using _ = watchSystemCalls(`${order.dataRoot}/volumes`, (call) => {
  if (isChange(call)) change()
  return undefined
})
const http = createRequire(import.meta.url)('node:http') as { request: Request }
const { request } = http
http.request = (options, ...others) => {
  if (options.method !== 'GET') change()
  return request(options, ...others)
}

const { signal } = new AbortController()
const context: ReadContext = {
  source: 'tried',
  stack: 'test',
  folder: order.folder,
  env: { ...process.env, XDG_STATE_HOME: `${order.folder}/xdg` },
  signal,
  scratchFolder: async () => order.folder,
  stateFolder: async () => `${order.folder}/state`,
  log: () => undefined,
}
const repository = await openRepository(await openLocalBackend(order.repository), { password: order.password })
await repository.loadIndex()
const [snapshot] = await repository.snapshots()
const point = await openPoint(repository, snapshot!, signal)
const config = dockerVolumesConfig.parse({ engine: { host: order.host }, names: [order.volume], read: order.read })
const plan = await dockerVolumesSource.planRestore(config, point, {}, context)
await plan.apply(signal)
