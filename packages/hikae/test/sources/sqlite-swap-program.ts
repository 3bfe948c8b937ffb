import { copyFile, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DatabaseFacts } from '../../src/sources/sqlite/facts.ts'
import { restoreInPlace } from '../../src/sources/sqlite/restore/restore-in-place.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'

/** Restores the file `saved` to the path that its facts name, as a restore in place does. */
const [saved = '', factsFile = ''] = process.argv.slice(2)
const facts = JSON.parse(await readFile(factsFile, 'utf8')) as DatabaseFacts
const point: SourcePoint = {
  time: new Date(0),
  facts: {},
  entries: () => {
    throw new Error('not asked for')
  },
  content: () => {
    throw new Error('not asked for')
  },
  tar: () => {
    throw new Error('not asked for')
  },
  writeTo: async (folder) => await copyFile(saved, join(folder, basename(facts.path))),
}
// What is tried is this process: those that it starts live on.
const { NODE_OPTIONS: _, ...env } = process.env
const restored = await restoreInPlace([{ facts, place: facts.path }], point, {
  env,
  signal: new AbortController().signal,
})
process.stdout.write(`restored, kept ${restored.kept}\n`)
