import { startProgram } from '../../process/program.ts'
import { madeFile, madeRoot } from '../made-entry.ts'
import type { OpenSource, ReadContext, SourceReading } from '../source-kind.ts'
import type { CommandConfig } from './config.ts'
import { type Measure, measured, outputPath } from './output-facts.ts'
import { readSurroundings, type Surroundings } from './surroundings.ts'

/**
 * What a program prints, as one file. The program is started when its output is read, since it would only wait before; when
 * it fails, the stream throws at its end, and there is no snapshot.
 */
export async function openOutput(config: CommandConfig, context: ReadContext): Promise<OpenSource> {
  const surroundings = await readSurroundings(config, context)
  const owned = new AsyncDisposableStack()
  let measure: Measure | undefined
  const path = outputPath(config)
  const file = madeFile(
    path.slice(1),
    {
      kind: 'stream',
      async *open(signal) {
        const running = owned.use(startRun(config, surroundings, context, signal))
        const output = measured(running.stdout)
        yield* output
        await running.succeeded()
        measure = output.result()
      },
    },
    { chunks: config.chunk },
  )
  return {
    paths: [`/${config.name}`],
    root: madeRoot([], file),
    finish: async () => readingOf(measure, config, context),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function startRun(config: CommandConfig, surroundings: Surroundings, context: ReadContext, signal: AbortSignal) {
  const { cwd, env, withoutSecrets } = surroundings
  return startProgram(config.run, {
    cwd,
    env,
    signal: AbortSignal.any([signal, context.signal]),
    onComplaint: (line) => context.log(withoutSecrets(line)),
    ...(config.timeout === undefined ? {} : { timeoutMs: config.timeout }),
  })
}

function readingOf(measure: Measure | undefined, config: CommandConfig, { source }: ReadContext): SourceReading {
  if (measure === undefined) throw new Error(`the output of ${config.run[0]} was not read to its end`)
  const isEmpty = measure.bytes === 0 && !config.mayBeEmpty
  const nothing = {
    severity: 'error',
    message: `${config.run[0]} of ${source} printed nothing`,
    hint: 'run the same command by hand; if nothing can be right, say `mayBeEmpty: true`',
  } as const
  return { facts: { name: config.name, ...measure }, findings: isEmpty ? [nothing] : [], isEmpty }
}
