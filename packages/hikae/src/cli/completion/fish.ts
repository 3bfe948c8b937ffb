import type { Command } from '../command.ts'
import { type CommandWords, commandWords, globalWords, nouns, type OptionWords, type ValueWords } from './words.ts'

/** A script that makes fish complete hikae's commands, options, choices and files. */
export function fishCompletion(commands: readonly Command[]): string {
  const known = commands.map((command) => commandWords(command))
  const twoWords = nouns(commands)
  const lines = [
    '# fish completion for hikae',
    'complete -c hikae -f',
    ...known.filter(({ name }) => !name.includes(' ')).map(({ name, summary }) => word(NO_COMMAND, name, summary)),
    ...twoWords.map((noun) => word(NO_COMMAND, noun, `verbs: ${verbs(noun, known)}`)),
    ...known.filter(({ name }) => name.includes(' ')).map(({ name, summary }) => verbLine(name, summary, known)),
    ...globalWords().map((option) => optionLine(NO_COMMAND, option)),
    ...known.flatMap((command) => commandLines(command, known)),
  ]
  return `${lines.join('\n')}\n`
}

const NO_COMMAND = '__fish_use_subcommand'

function verbs(noun: string, commands: readonly CommandWords[]): string {
  return commands.flatMap(({ name }) => (name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : [])).join(' ')
}

function verbLine(name: string, summary: string, commands: readonly CommandWords[]): string {
  const [noun, verb] = name.split(' ') as [string, string]
  const condition = `__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${verbs(noun, commands)}`
  return word(condition, verb, summary)
}

function commandLines(command: CommandWords, commands: readonly CommandWords[]): string[] {
  const seen = command.name.split(' ').map((part) => `__fish_seen_subcommand_from ${part}`)
  // `key list` is not `list`.
  const others = commands.filter(({ name }) => name.endsWith(` ${command.name}`)).map(({ name }) => name.split(' ')[0]!)
  const condition = [...seen, ...others.map((noun) => `not __fish_seen_subcommand_from ${noun}`)].join('; and ')
  return [
    ...command.options.map((option) => optionLine(condition, option)),
    ...command.arguments.flatMap((argument) => argumentLine(condition, argument)),
  ]
}

function word(condition: string, text: string, help: string): string {
  return `complete -c hikae -n ${quote(condition)} -a ${quote(text)} -d ${quote(help)}`
}

function optionLine(condition: string, option: OptionWords): string {
  const names = option.names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const value = option.value === undefined ? '' : ` -r ${valueWords(option.value)}`
  return `complete -c hikae -n ${quote(condition)} ${names.join(' ')}${value} -d ${quote(option.help)}`.replace(
    / {2}/g,
    ' ',
  )
}

function argumentLine(condition: string, argument: ValueWords): string[] {
  const words = valueWords(argument)
  return words === '' ? [] : [`complete -c hikae -n ${quote(condition)} ${words}`]
}

function valueWords({ choices, completes }: ValueWords): string {
  if (choices.length > 0) return `-a ${quote(choices.join(' '))}`
  if (completes === 'directory') return "-a '(__fish_complete_directories)'"
  return completes === 'file' ? '-F' : ''
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, (character) => `\\${character}`)}'`
}
