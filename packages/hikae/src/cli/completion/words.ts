import type { Argument, Command } from '../command.ts'
import { globalOptionGroups, globalOptions } from '../global-options.ts'
import { type Completes, longName, type Option, type Options } from '../option.ts'

/** An option as shells see it. */
export interface OptionWords {
  /** With their dashes, the short one first. */
  readonly names: readonly string[]
  readonly help: string
  /** Undefined for a flag. */
  readonly value: ValueWords | undefined
  readonly repeatable: boolean
}

export interface ValueWords {
  readonly placeholder: string
  readonly choices: readonly string[]
  readonly completes: Completes
}

/** A command as shells see it. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  /** Its own and the global ones that mean something to it. */
  readonly options: readonly OptionWords[]
  readonly arguments: readonly (ValueWords & { readonly variadic: boolean })[]
}

export function commandWords(command: Command): CommandWords {
  const options = [command.options, ...command.globals.map((group): Options => globalOptionGroups[group].options)]
  return {
    name: command.name,
    summary: command.summary,
    options: [...options.flatMap(optionWords), HELP],
    arguments: command.arguments.map((argument) => argumentWords(argument)),
  }
}

/** Understood before the name of a command. */
export function globalWords(): OptionWords[] {
  return [...optionWords(globalOptions), HELP]
}

/** First words of commands of two words: `key` of `key add`. */
export function nouns(commands: readonly Command[]): string[] {
  return [...new Set(commands.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0]!] : [])))]
}

const HELP: OptionWords = { names: ['-h', '--help'], help: 'tell how it is used', value: undefined, repeatable: false }

function optionWords(options: Options): OptionWords[] {
  return Object.entries(options).map(([name, option]) => ({
    names: [...(option.short === undefined ? [] : [`-${option.short}`]), `--${longName(name)}`],
    help: option.help,
    value: valueWords(option),
    repeatable: option.kind === 'list' || option.kind === 'count',
  }))
}

function valueWords(option: Option): ValueWords | undefined {
  if (option.kind === 'flag' || option.kind === 'count') return undefined
  const { placeholder, choices = [], completes = 'nothing' } = option
  return { placeholder, choices, completes }
}

function argumentWords({
  name,
  suggestions = [],
  choices = suggestions,
  completes = 'nothing',
  variadic = false,
}: Argument) {
  return { placeholder: name, choices, completes, variadic }
}
