import type { Command } from '../command.ts'
import { type CommandWords, commandWords, globalWords, nouns, type OptionWords, type ValueWords } from './words.ts'

/** A script that makes zsh complete hikae's commands, options, choices and files. */
export function zshCompletion(commands: readonly Command[]): string {
  const known = commands.map((command) => commandWords(command))
  const twoWords = nouns(commands)
  return `#compdef hikae
# zsh completion for hikae
_hikae() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
${globalWords()
  .map((option) => `    ${optionSpec(option)} \\\n`)
  .join('')}    '1: :->command' \\
    '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${[...known.filter(({ name }) => !name.includes(' ')).map(({ name, summary }) => described(name, summary)), ...twoWords.map((noun) => described(noun, verbNames(noun, known)))].map((line) => `        ${line}`).join('\n')}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
${twoWords.map((noun) => nounCase(noun, known)).join('\n')}
${known
  .filter(({ name }) => !name.includes(' '))
  .map((command) => `        ${command.name}) ${argumentsCall(command)} ;;`)
  .join('\n')}
      esac ;;
  esac
}
# Loaded from fpath, this file is the function at its first call; otherwise it is being sourced.
if [[ $funcstack[1] == _hikae ]]; then _hikae "$@"; else compdef _hikae hikae; fi
`
}

function verbNames(noun: string, commands: readonly CommandWords[]): string {
  return verbsOf(noun, commands)
    .map(({ verb }) => verb)
    .join(', ')
}

function verbsOf(noun: string, commands: readonly CommandWords[]): { verb: string; command: CommandWords }[] {
  return commands
    .filter(({ name }) => name.startsWith(`${noun} `))
    .map((command) => ({ verb: command.name.slice(noun.length + 1), command }))
}

function nounCase(noun: string, commands: readonly CommandWords[]): string {
  const verbs = verbsOf(noun, commands)
  return `        ${noun})
          if ((CURRENT == 2)); then
            local -a verbs=(${verbs.map(({ verb, command }) => described(verb, command.summary)).join(' ')})
            _describe verb verbs
          else
            shift words
            ((CURRENT--))
            case $words[1] in
${verbs.map(({ verb, command }) => `              ${verb}) ${argumentsCall(command)} ;;`).join('\n')}
            esac
          fi ;;`
}

function argumentsCall(command: CommandWords): string {
  const positions = command.arguments.map((argument, index) => {
    const position = argument.variadic ? '*' : String(index + 1)
    return quote(`${position}:${escape(argument.placeholder)}:${action(argument)}`)
  })
  return ['_arguments', ...command.options.map((option) => optionSpec(option)), ...positions].join(' \\\n            ')
}

function optionSpec(option: OptionWords): string {
  const value = option.value === undefined ? '' : `:${escape(option.value.placeholder)}:${action(option.value)}`
  const tail = quote(`[${escape(option.help)}]${value}`)
  const prefix = option.repeatable ? quote('*') : quote(`(${option.names.join(' ')})`)
  const names = option.names.length > 1 ? `{${option.names.join(',')}}` : option.names[0]!
  return `${prefix}${names}${tail}`
}

function action({ choices, completes }: ValueWords): string {
  if (choices.length > 0) return `(${choices.join(' ')})`
  if (completes === 'directory') return '_files -/'
  return completes === 'file' ? '_files' : ' '
}

function described(name: string, help: string): string {
  return quote(`${name}:${help.replace(/:/g, '\\:')}`)
}

function escape(text: string): string {
  return text.replace(/[[\]:\\]/g, (character) => `\\${character}`)
}

function quote(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`
}
