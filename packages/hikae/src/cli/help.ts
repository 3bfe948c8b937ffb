import { type Argument, type Command, COMMAND_GROUPS } from './command.ts'
import { EXIT_CODE_MEANINGS } from './exit-codes.ts'
import { globalOptionGroups } from './global-options.ts'
import { longName, type Option, type Options } from './option.ts'

type Item = readonly [term: string, meaning: string]

const PURPOSE =
  "Backs up a whole stack, as hikae.yaml describes it, into encrypted and deduplicated repositories in restic's format."

const FIRST_STEPS: readonly Item[] = [
  ['hikae init', 'look around, write hikae.yaml, create the repositories'],
  ['hikae backup', 'run its jobs now'],
  ['hikae status', 'what is at risk, and what would be lost now'],
]

const WITHOUT_STACK_FILE =
  'Without a stack file, name the repository: hikae init --repo DIR, then hikae backup --repo DIR PATH.'

const ENVIRONMENT: readonly Item[] = [
  ['HIKAE_REPOSITORY', 'the repository, when --repo is not given'],
  ['HIKAE_PASSWORD_FILE', 'file with its password'],
  ['HIKAE_PASSWORD_COMMAND', 'shell command that prints its password'],
  ['HIKAE_PASSWORD', 'its password'],
  ['HIKAE_DEBUG', 'when set, errors come with their stack'],
  ['NO_COLOR', 'when set, nothing is coloured'],
]

/** `hikae --help` */
export function programHelp(commands: readonly Command[], columns: number): string {
  const sections = COMMAND_GROUPS.map((group) => ({
    heading: group,
    items: commands.filter((command) => command.group === group).map(({ name, summary }): Item => [name, summary]),
  })).filter(({ items }) => items.length > 0)
  return [
    ...wrap(PURPOSE, columns),
    '',
    'Usage: hikae COMMAND [options]',
    '',
    ...sections.flatMap(({ heading, items }) => [`${heading}:`, ...itemLines(items, termWidth(items), columns), '']),
    'First steps:',
    ...itemLines(FIRST_STEPS, termWidth(FIRST_STEPS), columns),
    '',
    ...wrap(WITHOUT_STACK_FILE, columns),
    '',
    'Environment (the RESTIC_ names of these are understood too):',
    ...itemLines(ENVIRONMENT, termWidth(ENVIRONMENT), columns),
    '',
    'Exit status:',
    ...itemLines(
      EXIT_CODE_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
      3,
      columns,
    ),
    '',
    'hikae COMMAND --help tells more about a command.',
    '',
  ].join('\n')
}

/** `hikae key --help` */
export function nounHelp(noun: string, commands: readonly Command[], columns: number): string {
  const items = commands
    .filter(({ name }) => name.startsWith(`${noun} `))
    .map(({ name, summary }): Item => [name, summary])
  return [`Usage: hikae ${noun} VERB [options]`, '', ...itemLines(items, termWidth(items), columns), ''].join('\n')
}

/** `hikae backup --help` */
export function commandHelp(command: Command, columns: number): string {
  const optionSections = [
    { heading: 'Options', items: optionItems(command.options) },
    ...command.globals.map((name) => {
      const { heading, options } = globalOptionGroups[name]
      return { heading, items: optionItems(options) }
    }),
  ].filter(({ items }) => items.length > 0)
  const usage = ['Usage: hikae', command.name, '[options]', ...command.arguments.map(usageTerm)].join(' ')
  const argumentItems = command.arguments.map((argument): Item => [argumentName(argument), argument.help])
  const width = termWidth([...argumentItems, ...optionSections.flatMap(({ items }) => items)])
  return [
    `${command.summary}.`,
    '',
    usage,
    '',
    ...(command.description ?? '')
      .split('\n')
      .filter(Boolean)
      .flatMap((text) => [...wrap(text, columns), '']),
    ...section('Arguments', itemLines(argumentItems, width, columns)),
    ...optionSections.flatMap(({ heading, items }) => section(heading, itemLines(items, width, columns))),
    ...section(
      'Examples',
      command.examples.flatMap(([line, meaning]) => [
        `  hikae ${line}`,
        ...wrap(meaning, columns - 6).map((text) => `      ${text}`),
      ]),
    ),
    ...exitStatusLines(columns),
    '',
  ].join('\n')
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${heading}:`, ...lines, '']
}

function usageTerm(argument: Argument): string {
  return argument.required ? argumentName(argument) : `[${argumentName(argument)}]`
}

function argumentName({ name, variadic }: Argument): string {
  return variadic ? `${name}…` : name
}

function optionItems(options: Options): Item[] {
  return Object.entries(options).map(([name, option]) => [optionTerm(name, option), option.help])
}

function optionTerm(name: string, option: Option): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `
  const value = option.kind === 'value' || option.kind === 'list' ? ` ${option.placeholder}` : ''
  return `${short}--${longName(name)}${value}`
}

function exitStatusLines(columns: number): string[] {
  const meanings = EXIT_CODE_MEANINGS.map(([code, meaning]) => `${code} ${meaning}`).join(' · ')
  return ['Exit status:', ...wrap(meanings, columns - 2).map((line) => `  ${line}`)]
}

const LONGEST_TERM = 36

function termWidth(items: readonly Item[]): number {
  return Math.max(0, ...items.map(([term]) => term.length).filter((length) => length <= LONGEST_TERM))
}

/** A term that is too long for the column has a line of its own. */
function itemLines(items: readonly Item[], width: number, columns: number): string[] {
  const indent = ' '.repeat(width + 4)
  return items.flatMap(([term, meaning]) => {
    const [first = '', ...rest] = wrap(meaning, Math.max(24, columns - indent.length))
    const lines = rest.map((line) => indent + line)
    return term.length > width
      ? [`  ${term}`, indent + first, ...lines]
      : [`  ${term.padEnd(width)}  ${first}`, ...lines]
  })
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
