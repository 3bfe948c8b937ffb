import { errorMessage, isKnownError, OutputClosedError } from '../../errors.ts'
import { exitCodeOf, type ExitCode } from '../exit-codes.ts'
import type { Output } from './output.ts'
import { printableMessage } from './printable.ts'

/** The next step where the error itself knows none. */
const HINTS: Readonly<Record<string, string>> = {
  USAGE: 'see hikae COMMAND --help for what it understands',
  INVALID_INPUT: 'see hikae COMMAND --help for what it understands',
}

/**
 * Tells what ended the command: one paragraph and the next step. A stack trace only for those who ask for it, with
 * `-vv` or HIKAE_DEBUG.
 *
 * @returns the exit status
 */
export function printError(error: unknown, out: Output, options: { debug: boolean }): ExitCode {
  const known = isKnownError(error) ? error : undefined
  const exitCode = exitCodeOf(known?.code)
  if (error instanceof OutputClosedError) return exitCode
  const message = printableMessage(known ? known.message : `unexpected error: ${errorMessage(error)}`)
  const hint = known ? (known.hint ?? HINTS[known.code]) : unexpectedHint(options.debug)
  const text = [`${out.paintError(['red', 'bold'], 'hikae:')} ${message}`]
  if (hint !== undefined) text.push(`${out.paintError('bold', 'next:')} ${printableMessage(hint)}`)
  if (options.debug) text.push(printableMessage(describeStack(error)))
  out.problem(text.join('\n'), {
    message_type: 'exit_error',
    code: exitCode,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(known ? { error_code: known.code } : {}),
  })
  return exitCode
}

function unexpectedHint(debug: boolean): string {
  const details = debug ? 'what is printed below' : 'what it prints when HIKAE_DEBUG=1 is set'
  return `this is a fault in Hikae: please report it with the command you ran and ${details}`
}

function describeStack(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${describeStack(error.cause)}`
}
