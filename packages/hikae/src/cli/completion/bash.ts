import type { Command } from '../command.ts'
import { type CommandWords, commandWords, globalWords, nouns, type OptionWords, type ValueWords } from './words.ts'

/** A script that makes bash complete hikae's commands, options, choices and files. */
export function bashCompletion(commands: readonly Command[]): string {
  const known = commands.map((command) => commandWords(command))
  const first = [...new Set([...known.map(({ name }) => name.split(' ')[0]!), 'help'])]
  return `# bash completion for hikae
_hikae() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' position=0 options='${optionNames(globalWords())}' literal='' skip='' i word
  # bash takes the = of --option=value for a word of its own.
  if [[ $current == = ]]; then current=''
  elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then skip=''; [[ $word == = ]] && skip=1; continue; fi
    if [[ $word == -- ]]; then literal=1; continue; fi
    if [[ $word == -* && -z $literal ]]; then
      _hikae_takes_value "$command" "$word" && skip=1
      continue
    fi
    if [[ -z $command ]]; then command=$word
    elif [[ ' ${nouns(commands).join(' ')} ' == *" $command "* ]]; then command="$command $word"
    else ((position++)); fi
  done

  if [[ -z $literal ]] && _hikae_takes_value "$command" "$previous"; then
    _hikae_value "$command" "$previous"
    return
  fi
  case $command in
    '') _hikae_words '${first.join(' ')}' ;;
    help) _hikae_words '${first.join(' ')}' ;;
${nouns(commands)
  .map((noun) => `    ${noun}) _hikae_words '${verbsOf(noun, known)}' ;;`)
  .join('\n')}
${known.map(commandCase).join('\n')}
  esac
}

_hikae_takes_value() {
  case $1:$2 in
    ${optionPatterns('*', globalWords())}) return 0 ;;
${known
  .map((command) => optionPatterns(`'${command.name}'`, command.options))
  .filter((patterns) => patterns !== '')
  .map((patterns) => `    ${patterns}) return 0 ;;`)
  .join('\n')}
  esac
  return 1
}

_hikae_value() {
  case $1:$2 in
${[...known.flatMap((command) => command.options.map((option) => valueCase(`'${command.name}'`, option))), ...globalWords().map((option) => valueCase('*', option))].filter(Boolean).join('\n')}
  esac
}

_hikae_words() {
  [[ $current == -* && -z $literal ]] && set -- "$options"
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}

_hikae_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

complete -F _hikae hikae
`
}

function optionNames(options: readonly OptionWords[]): string {
  return options.flatMap(({ names }) => names.filter((name) => name.startsWith('--'))).join(' ')
}

function verbsOf(noun: string, commands: readonly CommandWords[]): string {
  return commands.flatMap(({ name }) => (name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : [])).join(' ')
}

function optionPatterns(command: string, options: readonly OptionWords[]): string {
  return options
    .filter(({ value }) => value !== undefined)
    .flatMap(({ names }) => names.map((name) => `${command}:${name}`))
    .join('|')
}

function valueCase(command: string, option: OptionWords): string {
  if (option.value === undefined || (option.value.choices.length === 0 && option.value.completes === 'nothing'))
    return ''
  const patterns = option.names.map((name) => `${command}:${name}`).join('|')
  return `    ${patterns}) ${completeValue(option.value)} ;;`
}

function completeValue({ choices, completes }: ValueWords): string {
  if (choices.length > 0) return `mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$current")`
  return completes === 'directory' ? '_hikae_files -d' : '_hikae_files -f'
}

function commandCase(command: CommandWords): string {
  const positions = command.arguments.map((argument, index) => {
    const pattern = argument.variadic ? '*' : String(index)
    if (argument.choices.length > 0) return `${pattern}) _hikae_words '${argument.choices.join(' ')}' ;;`
    if (argument.completes === 'nothing') return `${pattern}) _hikae_words '' ;;`
    const files = argument.completes === 'directory' ? '-d' : '-f'
    return `${pattern}) if [[ $current == -* && -z $literal ]]; then _hikae_words ''; else _hikae_files ${files}; fi ;;`
  })
  return `    '${command.name}')
      options='${optionNames(command.options)}'
      case $position in
        ${[...positions, "*) _hikae_words '' ;;"].join('\n        ')}
      esac ;;`
}
