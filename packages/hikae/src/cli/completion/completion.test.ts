import { spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allCommands } from '../commands.ts'
import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const commands = await allCommands()
const folder = mkdtempSync(join(tmpdir(), 'hikae-completion-'))

beforeAll(() => {
  mkdirSync(join(folder, 'backups'))
  writeFileSync(join(folder, 'password.txt'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What bash offers for the last of the words. */
function complete(...words: string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ')
  const script = `${bashCompletion(commands)}
    compopt() { :; }
    COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}
    _hikae; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout.split('\n').filter((line) => line !== '')
}

describe('bash', () => {
  test('offers the commands', () => {
    expect(complete('hikae', 'sn')).toEqual(['snapshots'])
    expect(complete('hikae', '')).toEqual(expect.arrayContaining(['backup', 'restore', 'key', 'help']))
    expect(complete('hikae', '--json', 'backu')).toEqual(['backup'])
    expect(complete('hikae', 'help', 'rest')).toEqual(['restore'])
  })

  test('takes the value of an option before the command for a value', () => {
    expect(complete('hikae', '-r', 'backup', 'snap')).toEqual(['snapshots'])
    expect(complete('hikae', '--repo', '=', 'backup', 'snap')).toEqual(['snapshots'])
  })

  test('offers the verbs of a noun, and their options', () => {
    expect(complete('hikae', 'key', '').sort()).toEqual(['add', 'list', 'passwd', 'remove'])
    expect(complete('hikae', 'key', 'add', '--new-p')).toEqual(['--new-password-file'])
  })

  test('offers the options of the command', () => {
    expect(complete('hikae', 'backup', '--exclude-c')).toEqual(['--exclude-caches'])
    expect(complete('hikae', 'snapshots', '--exclude-c')).toEqual([])
    expect(complete('hikae', 'snapshots', '--repo')).toEqual(['--repo', '--repository-file'])
  })

  test('offers choices of options and arguments', () => {
    expect(complete('hikae', 'restore', '--overwrite', 'if')).toEqual(['if-changed', 'if-newer'])
    expect(complete('hikae', 'restore', '--overwrite', '=', 'ne')).toEqual(['never'])
    expect(complete('hikae', 'backup', '--compression', 'f')).toEqual(['fastest'])
    expect(complete('hikae', 'cat', 'ma')).toEqual(['masterkey'])
    expect(complete('hikae', 'completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  test('offers files where a file is wanted, directories where a directory is', () => {
    expect(complete('hikae', 'snapshots', '-p', '')).toEqual(expect.arrayContaining(['backups', 'password.txt']))
    expect(complete('hikae', 'snapshots', '-r', '')).toEqual(['backups'])
    expect(complete('hikae', 'backup', 'pass')).toEqual(['password.txt'])
    expect(complete('hikae', 'backup', 'one', '--', 'pass')).toEqual(['password.txt'])
    expect(complete('hikae', 'snapshots', '--latest', '')).toEqual([])
  })
})

describe.each([
  { shell: 'zsh', script: zshCompletion(commands), option: (name: string) => `--${name}` },
  { shell: 'fish', script: fishCompletion(commands), option: (name: string) => `-l ${name} ` },
])('$shell', ({ shell, script, option }) => {
  test('knows every command and option', () => {
    for (const { name } of commands) expect(script).toContain(name.split(' ').at(-1))
    for (const name of ['exclude-if-present', 'read-data-subset', 'new-password-file', 'no-lock']) {
      expect(script).toContain(option(name))
    }
  })

  test.skipIf(spawnSync(shell, ['--version']).error)('accepts the script', () => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
