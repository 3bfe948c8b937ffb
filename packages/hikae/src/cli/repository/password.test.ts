import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import type { Io } from '../context.ts'
import { UsageError } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import {
  choosePasswordSource,
  passwordSources,
  type PasswordSource,
  readNewPassword,
  readPassword,
} from './password.ts'

const folder = mkdtempSync(join(tmpdir(), 'hikae-password-'))
afterAll(() => rmSync(folder, { recursive: true }))

function io(typed: string, { isTTY = false } = {}): Io & { shown: () => string } {
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => stdin })
  stdin.write(typed)
  if (!isTTY) stdin.end()
  let shown = ''
  const stream = {
    write(chunk: string | Uint8Array) {
      shown += chunk.toString()
      return true
    },
    once: () => undefined,
  }
  return {
    env: {},
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
    shown: () => shown,
  }
}

function fileWith(content: string | Uint8Array): PasswordSource {
  const path = join(folder, `${Math.random()}`)
  writeFileSync(path, content)
  return { kind: 'file', path }
}

const none = { insecureNoPassword: false, passwordFile: undefined, passwordCommand: undefined }

describe('where a password comes from', () => {
  test('options go before the environment, HIKAE_ before RESTIC_', () => {
    const env = { RESTIC_PASSWORD_FILE: '/old', HIKAE_PASSWORD_COMMAND: 'pass show backup' }
    expect(choosePasswordSource({ ...none, passwordFile: '/own' }, env)).toEqual({ kind: 'file', path: '/own' })
    expect(choosePasswordSource(none, env)).toEqual({
      kind: 'command',
      command: ['/bin/sh', '-c', 'pass show backup'],
    })
    expect(choosePasswordSource(none, { RESTIC_PASSWORD: 'geheim' })).toEqual({ kind: 'literal', value: 'geheim' })
    expect(choosePasswordSource(none, {})).toEqual({ kind: 'ask' })
  })

  test('two options at once are refused', () => {
    expect(() => choosePasswordSource({ ...none, insecureNoPassword: true, passwordFile: 'x' }, {})).toThrow(UsageError)
  })

  test('one file serves all repositories, several serve one each', () => {
    const globals = (passwordFile: string[]) => ({ ...none, passwordFile }) as unknown as GlobalValues
    const paths = (sources: PasswordSource[]) =>
      sources.map((source) => (source.kind === 'file' ? source.path : source))
    expect(paths(passwordSources(globals(['a']), 3, {}))).toEqual(['a', 'a', 'a'])
    expect(paths(passwordSources(globals(['a', 'b']), 2, {}))).toEqual(['a', 'b'])
    expect(() => passwordSources(globals(['a', 'b']), 3, {})).toThrow('2 password files for 3 repositories')
  })
})

describe('reading a password', () => {
  test('from a file, without a byte order mark and the white space around it', async () => {
    expect(await readPassword(fileWith('geheim\r\n'), '?', io(''))).toBe('geheim')
    expect(await readPassword(fileWith('\ufeffzwei Wörter\n\n'), '?', io(''))).toBe('zwei Wörter')
  })

  test('a file that is no text, too long or empty is refused', async () => {
    await expect(readPassword(fileWith(Buffer.from([0x70, 0xff])), '?', io(''))).rejects.toThrow('is not UTF-8 text')
    await expect(readPassword(fileWith('x'.repeat(70_000)), '?', io(''))).rejects.toThrow('too long')
    await expect(readPassword(fileWith('\n'), '?', io(''))).rejects.toThrow('the password is empty')
  })

  test('from a command, whose failure is told without what it printed', async () => {
    const command = (commandLine: string): PasswordSource => ({
      kind: 'command',
      command: ['/bin/sh', '-c', commandLine],
    })
    expect(await readPassword(command("printf 'ge%s\\n' heim"), '?', io(''))).toBe('geheim')
    await expect(readPassword(command('echo geheim; exit 3'), '?', io(''))).rejects.toThrow(
      /^the password command ended with 3$/,
    )
  })

  test('from a line of standard input when there is no terminal', async () => {
    expect(await readPassword({ kind: 'ask' }, '?', io('geheim\nmore'))).toBe('geheim')
    await expect(readPassword({ kind: 'ask' }, '?', io(''))).rejects.toThrow('no password was given')
  })

  test('from the terminal without showing it; keys for corrections work', async () => {
    const terminal = io('wrong\u0015geheimX\u007f\r', { isTTY: true })
    expect(await readPassword({ kind: 'ask' }, 'password', terminal)).toBe('geheim')
    expect(terminal.shown()).toBe('password: \n')
  })

  test('Ctrl-C at the prompt interrupts', async () => {
    await expect(readPassword({ kind: 'ask' }, '?', io('ge\u0003', { isTTY: true }))).rejects.toThrow('stopped')
  })

  test('the empty password needs its own option', async () => {
    expect(await readPassword({ kind: 'empty' }, '?', io(''))).toBe('')
    await expect(readPassword({ kind: 'literal', value: '' }, '?', io(''))).rejects.toThrow(UsageError)
  })

  test('a new one is typed twice', async () => {
    const answers = (first: string, second: string) => {
      const terminal = io(first, { isTTY: true })
      setTimeout(() => (terminal.stdin as unknown as PassThrough).write(second), 20)
      return terminal
    }
    expect(await readNewPassword({ kind: 'ask' }, '?', answers('geheim\r', 'geheim\r'))).toBe('geheim')
    await expect(readNewPassword({ kind: 'ask' }, '?', answers('geheim\r', 'gehiem\r'))).rejects.toThrow(
      'the two passwords are not the same',
    )
  })
})
