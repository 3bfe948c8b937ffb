import type { CommandContext } from './context.ts'
import type { ExitCode } from './exit-codes.ts'
import type { GlobalOptionGroup, GlobalValues } from './global-options.ts'
import type { Completes, OptionValues, Options } from './option.ts'

/** Headings of `hikae --help`, in order. */
export const COMMAND_GROUPS = ['Save', 'Look', 'Bring back', 'Prove', 'Keep house', 'Program'] as const

export interface Argument {
  readonly name: string
  readonly help: string
  readonly required?: boolean
  /** Takes all that is left; only the last argument may. */
  readonly variadic?: boolean
  readonly choices?: readonly string[]
  /** Words that a shell offers, besides which any other may be meant. */
  readonly suggestions?: readonly string[]
  readonly completes?: Completes
}

export interface CommandInput<O extends Options> {
  readonly options: OptionValues<O>
  readonly globals: GlobalValues
  readonly args: readonly string[]
}

/**
 * One verb of the command line. Parsing, help and completion are all made from this value, so its file imports nothing
 * heavy: `run` loads the engine when it is called.
 */
export interface Command<O extends Options = Options> {
  /** `snapshots`, or `key add` for a verb under a noun. */
  readonly name: string
  readonly group: (typeof COMMAND_GROUPS)[number]
  /** One line: a verb first, no full stop. */
  readonly summary: string
  /** Paragraphs under the summary. */
  readonly description?: string
  readonly arguments: readonly Argument[]
  readonly options: O
  /** Which of the options that every command understands mean something here: they are in its help. */
  readonly globals: readonly GlobalOptionGroup[]
  /** Works until a signal ends it, and says itself what that means; all others are interrupted by one. */
  readonly runsUntilStopped?: boolean
  /** Command lines without the leading `hikae`, and what each does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  run(input: CommandInput<O>, context: CommandContext): Promise<ExitCode>
}

/** Infers the option types of a command from its declaration. */
export function command<const O extends Options>(definition: Command<O>): Command<O> {
  return definition
}
