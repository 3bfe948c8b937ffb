import { describe, expect, test } from 'vitest'
import { allCommands, commandsNamed } from './commands.ts'
import { UsageError } from '../errors.ts'
import { parseCommandLine } from './parse.ts'

const commands = await allCommands()

function run(argv: string[], env: Record<string, string> = {}) {
  const parsed = parseCommandLine(argv, commands, env, 80)
  if (parsed.kind !== 'run') throw new Error('help instead of a command')
  return { name: parsed.command.name, ...parsed.input }
}

function problem(argv: string[], env: Record<string, string> = {}): { message: string; hint: string | undefined } {
  try {
    run(argv, env)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { message: error.message, hint: error.hint }
  }
  throw new Error('the command line was accepted')
}

describe('parseCommandLine', () => {
  test('global options may stand before and after the command', () => {
    const before = run(['-r', '/backup', '--json', 'snapshots', '--compact'])
    const after = run(['snapshots', '--compact', '--json', '--repo=/backup'])
    expect(before).toEqual(after)
    expect(before.globals).toMatchObject({ repo: ['/backup'], json: true, quiet: false, verbose: 0 })
    expect(before.options).toMatchObject({ compact: true })
  })

  test('repeatable options keep their order', () => {
    const { options, globals } = run(['backup', '-e', 'a', '--exclude=b', '-ec', '-r', 'one', '-r', 'two', 'x'])
    expect(options['exclude']).toEqual(['a', 'b', 'c'])
    expect(globals.repo).toEqual(['one', 'two'])
  })

  test('verbosity is counted or given as a number', () => {
    expect(run(['-v', 'version']).globals.verbose).toBe(1)
    expect(run(['version', '-vv']).globals.verbose).toBe(2)
    expect(run(['--verbose=2', 'version']).globals.verbose).toBe(2)
  })

  test('options that begin with "no" are flags of their own', () => {
    expect(run(['snapshots']).globals.noLock).toBe(false)
    expect(run(['snapshots', '--no-lock']).globals.noLock).toBe(true)
    expect(run(['backup', '--no-scan', 'x']).options['noScan']).toBe(true)
  })

  test('what follows -- is never an option', () => {
    const { options, args } = run([
      'backup',
      '--stdin-from-command',
      '--',
      'pg_dump',
      '-Fc',
      '--verbose=2',
      '-r',
      'shop',
    ])
    expect(options['stdinFromCommand']).toBe(true)
    expect(args).toEqual(['pg_dump', '-Fc', '--verbose=2', '-r', 'shop'])
    expect(run(['backup', '--', '-strange-name']).args).toEqual(['-strange-name'])
  })

  test('commands of two words are found', () => {
    const { name, options } = run(['key', 'add', '--user', 'deputy'])
    expect(name).toBe('key add')
    expect(options['user']).toBe('deputy')
  })

  test('the environment stands in for options, HIKAE_ before RESTIC_', () => {
    const env = { RESTIC_HOST: 'old', HIKAE_HOST: 'db1', RESTIC_PACK_SIZE: '32' }
    expect(run(['snapshots'], env).options['host']).toEqual(['db1'])
    expect(run(['snapshots', '-H', 'web'], env).options['host']).toEqual(['web'])
    expect(run(['backup', 'x'], env).globals.packSize).toBe(32)
  })

  test('a wrong value in the environment is reported with the name of the variable', () => {
    expect(problem(['snapshots'], { RESTIC_PACK_SIZE: 'big' }).message).toMatch(/^RESTIC_PACK_SIZE: 'big'/)
  })

  test('values are parsed to what they mean', () => {
    const { options, globals } = run(['backup', '--tag', 'a,b', '--tag', 'c', '--retry-lock', '1h30m', '-g', '', 'x'])
    expect(options['tag']).toEqual([['a', 'b'], ['c']])
    expect(options['groupBy']).toEqual([])
    expect(globals.retryLock).toBe(5_400_000)
  })

  test.each([
    { argv: ['snapshto'], message: "unknown command 'snapshto'", hint: 'did you mean snapshots?' },
    { argv: ['key', 'ad'], message: "unknown command 'ad'", hint: 'did you mean add?' },
    { argv: ['snapshots', '--compakt'], message: "unknown option '--compakt'", hint: 'did you mean --compact?' },
    { argv: ['backup', '--jsn', 'x'], message: "unknown option '--jsn'", hint: 'did you mean --json?' },
    { argv: ['ls'], message: "missing required argument 'SNAPSHOT'", hint: 'see hikae ls --help' },
    { argv: ['key'], message: 'key what?', hint: 'see hikae key --help' },
    { argv: ['help', 'nonsense'], message: "there is no command 'nonsense'", hint: 'see hikae --help' },
  ])('$argv is refused with a way on', ({ argv, message, hint }) => {
    expect(problem(argv)).toEqual({ message, hint })
  })

  test('a choice that does not exist is refused with the choices', () => {
    expect(problem(['cat', 'packs']).message).toBe(
      "KIND: 'packs' is not one of config, masterkey, key, lock, snapshot, index, pack, blob, tree",
    )
    expect(problem(['backup', '--chunk', 'stand', 'x'])).toEqual({
      message: "--chunk: 'stand' is not one of standard, fine",
      hint: 'did you mean standard?',
    })
  })

  test('too many arguments are refused', () => {
    expect(problem(['version', 'extra']).message).toContain('too many arguments')
  })
})

describe('help', () => {
  function help(...argv: string[]): string {
    const parsed = parseCommandLine(argv, commands, {}, 80)
    if (parsed.kind !== 'help') throw new Error('no help')
    return parsed.text
  }

  test('hikae without anything, --help and help are the same', () => {
    expect(help()).toBe(help('--help'))
    expect(help('help')).toBe(help('--help'))
    expect(help('help', 'ls')).toBe(help('ls', '--help'))
  })

  test('the overview names every command with its summary', () => {
    const text = help('--help')
    for (const { name, summary } of commands) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
  })

  test('the help of a command names its options, examples and exit status', () => {
    for (const { name, options, examples } of commands) {
      const text = help(...name.split(' '), '--help')
      for (const option of Object.values(options)) expect(text).toContain(option.help.slice(0, 12))
      for (const [line] of examples) expect(text).toContain(`  hikae ${line}`)
      expect(text).toContain('130 interrupted')
    }
  })

  test('apart from examples, which are to be copied, no line is wider than the terminal', () => {
    const texts = commands.map(({ name }) => help(...name.split(' '), '--help').replace(/^ {2}hikae .*$/gm, ''))
    const lines = [help('--help'), ...texts].join('\n').split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })
})

test('no two options of a command, global ones included, have the same letter', () => {
  for (const { name } of commands) {
    const parsed = parseCommandLine([...name.split(' '), '--help'], commands, {}, 80)
    if (parsed.kind !== 'help') throw new Error('no help')
    const letters = [...parsed.text.matchAll(/^ {2}-([a-zA-Z]), --/gm)].map(([, letter]) => letter)
    expect(letters.filter((letter, index) => letters.indexOf(letter) !== index)).toEqual([])
  }
})

test('a command is found by its first word, whatever else the words are', async () => {
  for (const command of commands) {
    const found = await commandsNamed(['-r', 'x', command.name.split(' ')[0]!])
    expect(found.map(({ name }) => name)).toContain(command.name)
  }
  expect(await commandsNamed(['nonsense'])).toEqual([])
})
