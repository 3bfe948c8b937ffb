import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Io } from './context.ts'
import { runCommandLine } from './run.ts'

async function run(argv: string[], env: Record<string, string> = {}) {
  const printed = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write(chunk: string | Uint8Array) {
      printed[name] += chunk.toString()
      return true
    },
    once: () => undefined,
  })
  const stdin = new PassThrough()
  stdin.end()
  const io: Io = {
    env,
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    signal: new AbortController().signal,
  }
  const exitCode = await runCommandLine(argv, io)
  return { exitCode, ...printed }
}

describe('runCommandLine', () => {
  test('prints results to stdout and ends with 0', async () => {
    const { exitCode, stdout, stderr } = await run(['version'])
    expect(stdout).toMatch(/^hikae \d+\.\d+\.\d+ \(Node /)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test('prints a usage error with its hint to stderr and ends with 2', async () => {
    expect(await run(['snapshto'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: "hikae: unknown command 'snapshto'\nnext: did you mean snapshots?\n",
    })
  })

  test('with --json, an error is an object', async () => {
    const { exitCode, stderr } = await run(['snapshots', '--json', '--nonsense'])
    expect(exitCode).toBe(2)
    expect(JSON.parse(stderr)).toEqual({
      message_type: 'exit_error',
      code: 2,
      message: "unknown option '--nonsense'",
      hint: 'see hikae snapshots --help',
      error_code: 'USAGE',
    })
  })

  test.each([
    { argv: ['snapshots'], message: 'no repository is named' },
    {
      argv: ['snapshots', '-r', 'sftp:user:secret@host:/x'],
      message: 'the sftp: address holds a password',
    },
    { argv: ['snapshots', '-r', '/a', '-r', '/b'], message: 'this command works on one repository, 2 are named' },
    { argv: ['snapshots', '-r', '/a', '--repository-file', '/f'], message: 'only one of --repo and --repository-file' },
    { argv: ['snapshots', '-r', '/a'], message: 'no password was given' },
    { argv: ['snapshots', '-r', '/a', '-p', '/nowhere'], message: 'cannot read the password file /nowhere' },
    { argv: ['snapshots', '-r', '/a', '-p', 'x', '--password-command', 'y'], message: 'only one of --password-file' },
    { argv: ['init', '-r', '/a', '-r', '/a', '-p', 'x'], message: 'the repository /a is named twice' },
    { argv: ['init', '-r', '/a', '-p', '/dev/null'], message: 'the password is empty' },
    { argv: ['init', '-r', '/a', '-p', 'x', '--from-repo', '/b'], message: '--from-repo is of use only together' },
    {
      argv: ['init', '-r', '/a', '-p', 'x', '--copy-chunker-params'],
      message: '--copy-chunker-params needs --from-repo',
    },
    { argv: ['backup', '-r', '/a', '-p', 'x', '--stdin', 'x'], message: '--stdin saves standard input only' },
    { argv: ['backup', '-r', '/a', '--stdin'], message: 'the password cannot be read from standard input' },
    {
      argv: ['backup', '-r', '/a', '-p', 'x', '--stdin-from-command'],
      message: '--stdin-from-command needs a command',
    },
    { argv: ['restore', '-r', '/a', 'latest'], message: 'restore needs to know where to put the files' },
    { argv: ['check', '--read-data', '--read-data-subset', '5%'], message: 'only one of --read-data' },
    { argv: ['cat', 'blob'], message: 'cat blob needs to know which one' },
  ])('$argv is refused before anything is done', async ({ argv, message }) => {
    const { exitCode, stdout, stderr } = await run(argv)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('secret')
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  test('help goes to stdout', async () => {
    const { exitCode, stdout } = await run(['backup', '--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Usage: hikae backup [options] [JOB|PATH…]')
  })
})
