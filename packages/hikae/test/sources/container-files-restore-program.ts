import { openLocalBackend, openRepository } from '@hikae/engine'
import { openPoint } from '../../src/points/snapshot-point.ts'
import { containerFilesConfig } from '../../src/sources/container-files/config.ts'
import { containerFilesSource } from '../../src/sources/container-files/container-files-source.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'

/** What the program is told, as JSON in its argument. */
export interface KilledRestore {
  readonly config: object
  readonly repository: string
  readonly password: string
  readonly state: string
  /** Of what is written: it dies after so many. */
  readonly bytes: number
}

const order = JSON.parse(process.argv[2]!) as KilledRestore
const { signal } = new AbortController()
const context: ReadContext = {
  source: 'tried',
  stack: 'test',
  folder: order.state,
  env: process.env,
  signal,
  scratchFolder: async () => order.state,
  stateFolder: async () => order.state,
  log: () => undefined,
}
const repository = await openRepository(await openLocalBackend(order.repository), { password: order.password })
await repository.loadIndex()
const [snapshot] = await repository.snapshots()
const point = await openPoint(repository, snapshot!, signal)
let readings = 0
/** The first reading proves that it can be read, the second is written. */
const killing: SourcePoint = {
  ...point,
  async *tar(path, as) {
    const isWritten = ++readings > 1
    let bytes = 0
    for await (const piece of point.tar(path, as)) {
      yield piece
      bytes += piece.length
      if (isWritten && bytes > order.bytes) process.kill(process.pid, 'SIGKILL')
    }
  },
}
const config = containerFilesConfig.parse(order.config)
await (await containerFilesSource.planRestore(config, killing, {}, context)).apply(signal)
