import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { mysqlSchema } from '../../src/sources/mysql/config.ts'
import { mysqlSource } from '../../src/sources/mysql/mysql-source.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'

/** What the program is told, as JSON in its argument. */
export interface RestoreOrder {
  /** Of the stack. */
  readonly folder: string
  readonly config: object
  /** With the files of the point. */
  readonly saved: string
  readonly paths: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
}

/** Restores in place; killed by the clients that it starts. */
const order = JSON.parse(process.argv[2]!) as RestoreOrder
const unused = (): never => {
  throw new Error('not asked for')
}
const point: SourcePoint = {
  time: new Date(0),
  facts: order.facts,
  async *entries() {
    for (const path of order.paths) yield { path, type: 'file', size: 0 }
  },
  content: (path) => createReadStream(join(order.saved, path)),
  tar: unused,
  writeTo: unused,
}
const context: ReadContext = {
  ...{ source: 'tried', stack: 'test', folder: order.folder, env: process.env },
  signal: new AbortController().signal,
  scratchFolder: unused,
  stateFolder: unused,
  log: () => undefined,
}
const plan = await mysqlSource.planRestore(mysqlSchema.parse(order.config), point, {}, context)
await plan.apply(context.signal)
process.stdout.write('whole\n')
