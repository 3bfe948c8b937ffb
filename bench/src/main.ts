import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { judge } from './bars.ts'
import { CommandFailedError } from './command.ts'
import { memoryFor } from './claim-memory.ts'
import { dataSets } from './data/data-sets.ts'
import { sectionNames } from './data/sections.ts'
import { describeMachine } from './machine.ts'
import { readOptions, usage, UsageError, type Options } from './options.ts'
import { updatePage } from './report/docs-page.ts'
import { resultsOf, writeTables, type Results } from './report/tables.ts'
import { english, japanese } from './report/words.ts'
import { measureRounds } from './rounds/measure-rounds.ts'
import { UnequalWorkError } from './rounds/upkeep.ts'
import type { Sample } from './samples.ts'
import { openTools } from './tools/tools.ts'
import { EngineMissingError } from './volumes/measured-volume.ts'

class InterruptedError extends Error {
  override readonly name = 'InterruptedError'

  constructor(by: NodeJS.Signals) {
    super(`interrupted by ${by}; what was measured is lost, and the data was removed`)
  }
}

/** Of every repository; it protects nothing. */
const password = 'benchmark'

const say = (line: string): void => console.error(`bench: ${line}`)

try {
  const options = readOptions(process.argv.slice(2))
  if (options) await run(options)
  else console.log(usage)
} catch (error) {
  process.exitCode = exitCodeOf(error)
  say((error as Error).message)
}

/** Rethrows what is none of the foreseen endings. */
function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return 2
  if ([CommandFailedError, UnequalWorkError, EngineMissingError].some((kind) => error instanceof kind)) return 1
  if (error instanceof InterruptedError) return 130
  throw error
}

async function run(options: Options): Promise<void> {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interrupted.abort(new InterruptedError(name)))
  const directory = mkdtempSync(join(options.directory, 'hikae-bench-'))
  say(
    `working in ${directory}; caches are kept warm; before each measurement, \`sync\` runs and free memory is written to`,
  )
  try {
    const results = await measureAll(options, directory, interrupted.signal)
    if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify(results, undefined, 2)}\n`)
    for (const section of sectionNames) {
      const measured = resultsOf(section, results)
      if (!measured) continue
      console.log(writeTables(measured, english))
      if (!options.updateDocs) continue
      updatePage(new URL('../../docs/performance.md', import.meta.url), section, writeTables(measured, english))
      updatePage(new URL('../../docs/ja/performance.md', import.meta.url), section, writeTables(measured, japanese))
      say(`docs/performance.md and docs/ja/performance.md updated: the ${section} data sets`)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function measureAll(options: Options, directory: string, signal: AbortSignal): Promise<Results> {
  const state = join(directory, 'state')
  mkdirSync(state)
  const passwordFile = join(state, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  const tools = await openTools(options.tools, { state, password: passwordFile, signal }, (name, reason) =>
    say(`${name} is left out: ${reason}`),
  )
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    rounds: options.rounds,
    scale: options.scale,
    tools: tools.map(({ name, title }) => ({ name, title })),
    data: [],
    samples: [],
    sizes: [],
    bars: [],
  }
  for (const dataSet of dataSets.filter(({ name }) => options.dataSets.includes(name))) {
    const work = join(directory, dataSet.name)
    const source = join(work, 'source')
    mkdirSync(source, { recursive: true })
    say(`making the data set ${dataSet.name}`)
    const facts = await dataSet.create(source, options.scale, { password, signal })
    say(`${dataSet.name}: ${facts.files} files, ${Math.round(facts.bytes / 1e6)} MB`)
    results.data.push({ name: dataSet.name, facts })
    await measureRounds(dataSet, tools, {
      directory: work,
      source,
      rounds: options.rounds,
      scale: options.scale,
      memoryBytes: memoryFor(facts.bytes),
      signal,
      onTrouble: say,
      onSample: (sample) => {
        results.samples.push(sample)
        say(progressLine(sample, options.rounds))
      },
      onSize: (size) => results.sizes.push(size),
    })
    rmSync(work, { recursive: true })
  }
  results.bars = judge(results)
  return results
}

function progressLine({ round, work, tool, seconds, peakMemoryBytes }: Sample, rounds: number): string {
  const megabytes = Math.round(peakMemoryBytes / 1e6)
  return `round ${round}/${rounds}  ${work.padEnd(17)} ${tool.padEnd(13)} ${seconds.toFixed(2).padStart(8)} s ${String(megabytes).padStart(6)} MB`
}
