import { errorMessage, isKnownError } from '../../errors.ts'
import { startProgram } from '../../process/program.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { CommandConfig } from './config.ts'
import { measured, outputFacts, outputPath, refuseOther } from './output-facts.ts'
import { readSurroundings } from './surroundings.ts'

/** Reads the output back and compares it; then the source's own program looks at it, if there is one. */
export async function verifyOutput(
  config: CommandConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  try {
    const facts = outputFacts(point)
    const content = measured(point.content(outputPath(facts)))
    for await (const _ of content) context.signal.throwIfAborted()
    refuseOther(content.result(), facts)
    if (config.verify) await look(config, config.verify, point.content(outputPath(facts)), context)
    return []
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }]
  }
}

async function look(
  config: CommandConfig,
  command: readonly string[],
  content: AsyncIterable<Uint8Array>,
  context: ReadContext,
): Promise<void> {
  const { cwd, env, withoutSecrets } = await readSurroundings(config, context)
  await using running = startProgram(command, {
    cwd,
    env,
    signal: context.signal,
    stdin: content,
    onComplaint: (line) => context.log(withoutSecrets(line)),
  })
  for await (const _ of running.stdout) context.signal.throwIfAborted()
  await running.succeeded()
}
