import { allCommands, commandsNamed } from './commands.ts'
import type { Io } from './context.ts'
import { UsageError } from '../errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { printError } from './output/error.ts'
import { Output } from './output/output.ts'
import { type ParsedCommandLine, parseCommandLine } from './parse.ts'

/** Help is not wrapped wider than this: long lines are hard to read. */
const WIDEST_HELP = 100

/**
 * Does what the command line says. Prints everything there is to say, errors included.
 *
 * @param argv what follows the program's name
 * @returns the exit status
 */
export async function runCommandLine(argv: readonly string[], io: Io): Promise<ExitCode> {
  const plain = new Output({ ...io, json: argv.includes('--json'), quiet: false, verbosity: 0 })
  const debug = Boolean(io.env['HIKAE_DEBUG'])
  let parsed: ParsedCommandLine
  try {
    parsed = await parse(argv, io)
  } catch (error) {
    return printError(error, plain, { debug })
  }
  if (parsed.kind === 'help') {
    plain.line(parsed.text.trimEnd())
    plain.flush()
    return EXIT.succeeded
  }
  return runCommand(parsed, io, debug)
}

/** Only commands whose names occur can be meant; all of them are needed to help with what is wrong. */
async function parse(argv: readonly string[], io: Io): Promise<ParsedCommandLine> {
  const columns = Math.min(WIDEST_HELP, io.stdout.columns ?? 80)
  const named = await commandsNamed(argv)
  if (named.length > 0) {
    try {
      const parsed = parseCommandLine(argv, named, io.env, columns)
      if (parsed.kind === 'run') return parsed
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
    }
  }
  return parseCommandLine(argv, await allCommands(), io.env, columns)
}

async function runCommand(
  { command, input }: Extract<ParsedCommandLine, { kind: 'run' }>,
  io: Io,
  debug: boolean,
): Promise<ExitCode> {
  const { json, quiet, verbose } = input.globals
  const out = new Output({ ...io, json, quiet, verbosity: Math.min(2, verbose) })
  try {
    const exitCode = await command.run(input, { io, env: io.env, signal: io.signal, out })
    if (!command.runsUntilStopped) io.signal.throwIfAborted()
    return exitCode
  } catch (error) {
    // What an aborted operation throws may be a consequence; the reason is what people need to know.
    return printError(io.signal.aborted ? io.signal.reason : error, out, { debug: debug || verbose >= 2 })
  } finally {
    out.flush()
  }
}
