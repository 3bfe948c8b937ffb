import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sqliteSchema } from '../../src/sources/sqlite/config.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'

/** Undoes the newest restore of `data/*.db` in the folder that is its argument. */
const [folder = ''] = process.argv.slice(2)
const config = sqliteSchema.parse({ path: 'data/*.db' })
const signal = new AbortController().signal
// What is tried is this process: those that it starts live on.
const { NODE_OPTIONS: _, ...env } = process.env
const context = {
  source: 'bank',
  stack: 'test',
  folder,
  env,
  signal,
  scratchFolder: () => Promise.reject(new Error('not asked for')),
  stateFolder: async () => {
    await mkdir(join(folder, 'state'), { recursive: true })
    return join(folder, 'state')
  },
  log: () => undefined,
}
const [copy] = await sqliteSource.kept!(config, context)
if (!copy) throw new Error('nothing is kept')
await (await copy.planUndo(context)).apply(signal)
