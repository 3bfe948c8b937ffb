import { mkdirSync } from 'node:fs'
import { swarmSource } from '../../src/sources/swarm/swarm-source.ts'
import { swarmSchema } from '../../src/sources/swarm/config.ts'

/** Begins to read a swarm, to be killed while it does: a configuration as JSON, a folder for all it keeps. */
const [given = '', folder = ''] = process.argv.slice(2)
const keep = (name: string) => async (): Promise<string> => {
  mkdirSync(`${folder}/${name}`, { recursive: true, mode: 0o700 })
  return `${folder}/${name}`
}
await swarmSource.open(swarmSchema.parse(JSON.parse(given)), {
  source: 'tried',
  stack: 'test',
  folder,
  env: process.env,
  signal: new AbortController().signal,
  scratchFolder: keep('scratch'),
  stateFolder: keep('state'),
  log: () => undefined,
})
