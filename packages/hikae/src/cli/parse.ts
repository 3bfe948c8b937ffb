import { Command as Parser, CommanderError, Option as ParserOption } from 'commander'
import type { Argument, Command, CommandInput } from './command.ts'
import type { Environment } from './context.ts'
import { UsageError } from '../errors.ts'
import { globalOptions, type GlobalValues } from './global-options.ts'
import { commandHelp, nounHelp, programHelp } from './help.ts'
import { longName, type Option, type Options } from './option.ts'

export type ParsedCommandLine =
  | { readonly kind: 'run'; readonly command: Command; readonly input: CommandInput<Options> }
  | { readonly kind: 'help'; readonly text: string }

/**
 * Finds out which command is meant, and with which values. Global options may stand before and after its name.
 *
 * @param argv what follows the program's name
 * @param columns to wrap help at
 * @throws {UsageError} something is unknown, missing, left over or not a sensible value
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  env: Environment,
  columns: number,
): ParsedCommandLine {
  let result: ParsedCommandLine | undefined
  let help = ''
  let failedAt = ''
  const root = newParser(
    'hikae',
    () => programHelp(commands, columns),
    (text) => (help += text),
  )
  addOptions(root, globalOptions)
  for (const command of commands) {
    const parser = addCommand(root, command, commands, columns)
    parser.exitOverride((error) => {
      failedAt = command.name
      throw error
    })
    parser.action(() => {
      const globals = readValues(globalOptions, root.opts(), env) as GlobalValues
      const input = { options: readValues(command.options, parser.opts(), env), globals, args: parser.args }
      checkChoices(command.arguments, parser.args)
      result = { kind: 'run', command, input }
    })
  }
  try {
    root.parse(spreadCounts(argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0 && argv.length > 0) throw usageError(error, failedAt || knownNoun(root, argv), argv)
  }
  return result ?? { kind: 'help', text: help }
}

/** Options that may be counted or numbered: `--verbose=2` is `--verbose --verbose`. */
function spreadCounts(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  const head = end === -1 ? argv : argv.slice(0, end)
  const spread = head.flatMap((word) => {
    const match = /^--verbose=(\d)$/.exec(word)
    return match ? Array.from({ length: Number(match[1]) }, () => '--verbose') : [word]
  })
  return end === -1 ? spread : [...spread, ...argv.slice(end)]
}

class HelpfulParser extends Parser {
  readonly #help: () => string

  constructor(name: string, help: () => string) {
    super(name)
    this.#help = help
  }

  override helpInformation(): string {
    return this.#help()
  }
}

function newParser(name: string, help: () => string, onHelp: (text: string) => void): Parser {
  return new HelpfulParser(name, help)
    .exitOverride()
    .configureOutput({ writeOut: onHelp, writeErr: onHelp, outputError: () => {} })
    .helpCommand('help [command]', 'Tell how a command is used')
}

function addCommand(root: Parser, command: Command, commands: readonly Command[], columns: number): Parser {
  const [first, second] = command.name.split(' ') as [string, string?]
  const holder = second === undefined ? root : findOrAddNoun(root, first, commands, columns)
  const parser = new HelpfulParser(second ?? first, () => commandHelp(command, columns)).copyInheritedSettings(holder)
  holder.addCommand(parser)
  for (const argument of command.arguments) parser.argument(argumentTerm(argument), argument.help)
  addOptions(parser, command.options)
  return parser.allowExcessArguments(false)
}

function findOrAddNoun(root: Parser, noun: string, commands: readonly Command[], columns: number): Parser {
  const found = root.commands.find((command) => command.name() === noun)
  if (found) return found
  const parser = new HelpfulParser(noun, () => nounHelp(noun, commands, columns)).copyInheritedSettings(root)
  root.addCommand(parser)
  return parser
}

function argumentTerm({ name, required, variadic }: Argument): string {
  const term = variadic ? `${name}...` : name
  return required ? `<${term}>` : `[${term}]`
}

function addOptions(parser: Parser, options: Options): void {
  for (const [name, option] of Object.entries(options)) parser.addOption(parserOption(name, option))
}

function parserOption(name: string, option: Option): ParserOption {
  const short = option.short === undefined ? '' : `-${option.short}, `
  const takesValue = option.kind === 'value' || option.kind === 'list'
  const made = new ParserOption(
    `${short}--${longName(name)}${takesValue ? ` <${option.placeholder}>` : ''}`,
    option.help,
  )
  made.negate = false // `--no-lock` is a flag of its own, not the opposite of `--lock`.
  if (option.kind === 'count') made.argParser((_text, previous: number | undefined) => (previous ?? 0) + 1)
  if (option.kind === 'list') made.argParser((text, previous: string[] | undefined) => [...(previous ?? []), text])
  return made
}

function readValues(options: Options, raw: Record<string, unknown>, env: Environment): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, readValue(name, option, raw[name], env)]),
  )
}

function readValue(name: string, option: Option, raw: unknown, env: Environment): unknown {
  switch (option.kind) {
    case 'flag':
      return raw === true
    case 'count':
      return raw ?? 0
    case 'value':
      if (typeof raw === 'string') return parseText(`--${longName(name)}`, raw, option.parse)
      return fromEnvironment(option.env, env, option.parse)
    case 'list': {
      if (Array.isArray(raw)) return raw.map((text: string) => parseText(`--${longName(name)}`, text, option.parse))
      const standIn = fromEnvironment(option.env, env, option.parse)
      return standIn === undefined ? [] : [standIn]
    }
  }
}

function fromEnvironment(name: string | undefined, env: Environment, parse: (text: string) => unknown): unknown {
  if (name === undefined) return undefined
  const variable = [`HIKAE_${name}`, `RESTIC_${name}`].find((candidate) => env[candidate])
  return variable === undefined ? undefined : parseText(variable, env[variable]!, parse)
}

function parseText(origin: string, text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${origin}: ${error.message}`, error.hint === undefined ? {} : { hint: error.hint })
  }
}

function checkChoices(expected: readonly Argument[], args: readonly string[]): void {
  for (const [index, { name, choices }] of expected.entries()) {
    const text = args[index]
    if (!choices || text === undefined || choices.includes(text)) continue
    throw new UsageError(`${name}: '${text}' is not one of ${choices.join(', ')}`)
  }
}

const PARSER_MESSAGE = /^error: ([^]*?)(?:\n\(Did you mean (.+)\?\))?$/

function usageError(error: CommanderError, command: string, argv: readonly string[]): UsageError {
  const [, message = error.message, suggestion] = PARSER_MESSAGE.exec(error.message) ?? []
  if (suggestion !== undefined) return new UsageError(message, { hint: `did you mean ${suggestion}?` })
  const hint = `see ${['hikae', command, '--help'].filter(Boolean).join(' ')}`
  if (error.code !== 'commander.help') return new UsageError(message, { hint })
  return new UsageError(argv[0] === 'help' ? `there is no command '${argv[1] ?? ''}'` : `${command} what?`, { hint })
}

/** `key`, when that is as far as the command line is right. */
function knownNoun(root: Parser, argv: readonly string[]): string {
  const noun = root.commands.find((command) => command.commands.length > 0 && argv.includes(command.name()))
  return noun?.name() ?? ''
}
