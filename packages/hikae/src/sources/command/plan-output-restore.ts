import { createReadStream, createWriteStream } from 'node:fs'
import { link, lstat, mkdir, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { basename, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InputError, systemCode } from '../../errors.ts'
import { startProgram } from '../../process/program.ts'
import type { ReadContext, RestoreOptions, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { CommandConfig } from './config.ts'
import { measured, type OutputFacts, outputFacts, outputPath, refuseOther } from './output-facts.ts'
import { readSurroundings } from './surroundings.ts'

/** Into a file, with `to`; else through the program that the source names for it. */
export async function planOutputRestore(
  config: CommandConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  context: ReadContext,
): Promise<RestorePlan> {
  const facts = outputFacts(point)
  if (to !== undefined) return await planFile(resolve(context.folder, to), point, facts)
  if (config.restore !== undefined) return planProgram(config, config.restore, point, facts, context)
  throw new InputError(`the output of ${config.run[0]} has no place of its own to be restored to`, {
    hint: `write it to a file with \`--to FILE\`, or give ${context.source} a \`restore: [program, argument…]\` that takes it on standard input`,
  })
}

async function planFile(to: string, point: SourcePoint, facts: OutputFacts): Promise<RestorePlan> {
  if (await exists(to)) throw isThere(to)
  return {
    steps: [`write the ${facts.bytes} bytes of ${facts.name} to ${to}, which is not there yet, and compare them`],
    async apply(signal) {
      await mkdir(dirname(to), { recursive: true })
      const unfinished = join(dirname(to), `.hikae-new-${basename(to).slice(0, 40)}-${randomBytes(4).toString('hex')}`)
      try {
        await writeCompared(point, facts, unfinished, signal)
        // Unlike a rename, this replaces nothing that came meanwhile.
        await link(unfinished, to)
      } catch (error) {
        throw systemCode(error) === 'EEXIST' ? isThere(to) : error
      } finally {
        await rm(unfinished, { force: true })
      }
      return { place: to, findings: [] }
    },
  }
}

function planProgram(
  config: CommandConfig,
  command: readonly string[],
  point: SourcePoint,
  facts: OutputFacts,
  context: ReadContext,
): RestorePlan {
  const [program] = command
  return {
    steps: [
      `write the ${facts.bytes} bytes of ${facts.name} to a scratch file, and compare them with what was saved`,
      `run ${program}, as \`restore:\` of ${context.source} says, with that file on its standard input: what it replaces is not kept`,
    ],
    async apply(signal) {
      const { cwd, env, withoutSecrets } = await readSurroundings(config, context)
      const log = (line: string): void => context.log(withoutSecrets(line))
      const file = join(await context.scratchFolder(), 'output')
      await writeCompared(point, facts, file, signal)
      await using running = startProgram(command, { cwd, env, signal, stdin: createReadStream(file), onComplaint: log })
      for await (const line of createInterface({ input: Readable.from(running.stdout) })) log(line)
      await running.succeeded()
      return { place: `what ${program} restores to`, findings: [] }
    },
  }
}

/** @throws {InputError} the content is another than what was saved @throws what reading throws */
async function writeCompared(point: SourcePoint, facts: OutputFacts, file: string, signal: AbortSignal): Promise<void> {
  const content = measured(point.content(outputPath(facts)))
  await pipeline(content, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }), { signal })
  refuseOther(content.result(), facts)
}

function isThere(path: string): InputError {
  return new InputError(`${path} is there already`, { hint: 'choose a file that is not there yet' })
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === 'ENOENT') return false
      throw error
    },
  )
}
