import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isChange, watchSystemCalls } from '@hikae/testkit'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { openEngine } from '../../src/docker/engine.ts'
import { exchange } from '../../src/sources/docker-volumes/restore/exchange.ts'
import { makeFilled } from '../../src/sources/docker-volumes/restore/made-volume.ts'
import { findVolume } from '../../src/sources/docker-volumes/volume.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'

/** What the program is told, as JSON in its argument. */
export interface ExchangeOrder {
  readonly host: string
  /** Of the engine. */
  readonly dataRoot: string
  readonly way: 'direct' | 'archive'
  /** Names of volumes, and of those whose contents they get. */
  readonly pairs: readonly { readonly live: string; readonly fresh: string }[]
  /** Name of a volume that is not there, and is made. */
  readonly gone: string
  /** Where state and locks lie. */
  readonly folder: string
  /** The change before which the program dies, of these: renames of contents, or any of the engine and its files. */
  readonly at: number
  readonly of: 'renames' | 'all'
}

type Request = (options: { readonly method?: string }, ...others: readonly unknown[]) => unknown

const order = JSON.parse(process.argv[2]!) as ExchangeOrder
let changes = 0

function change(): void {
  changes++
  if (changes === order.at) process.kill(process.pid, 'SIGKILL')
}

using _ = watchSystemCalls(`${order.dataRoot}/volumes`, (call) => {
  if (order.of === 'all' ? isChange(call) : call.name === 'rename') change()
  return undefined
})
const http = createRequire(import.meta.url)('node:http') as { request: Request }
const { request } = http
http.request = (options, ...others) => {
  if (order.of === 'all' && options.method !== 'GET') change()
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
await using engine = await openEngine(parseEngineAddress(order.host), context.env, signal)
const exchanges = await Promise.all(
  order.pairs.map(async ({ live, fresh }) => ({
    live: (await findVolume(engine, live))!,
    fresh: { volume: (await findVolume(engine, fresh))!, way: order.way, leave: () => undefined },
  })),
)
const spec = { name: order.gone, driver: 'local', options: {}, labels: {} }
const made = await makeFilled(engine, spec, async ({ mountpoint }) => writeFile(join(mountpoint, 'state'), 'new'))
await exchange(engine, exchanges, new Date('2026-11-21T20:17:14Z'), context, [made])
