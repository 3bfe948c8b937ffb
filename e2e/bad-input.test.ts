import { mkdir, writeFile } from 'node:fs/promises'
import { initRepository, openLocalBackend } from '@hikae/engine'
import { makeTempDir, runOk, type ProcessOptions, type TempDir } from '@hikae/testkit'
import { describe, type ExpectStatic } from 'vitest'
import { makeFiles, test as base } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('shared', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  await prepare(dir)
  const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
  await hikae.initCheaply()
  await hikae.backup(['tree'])
  return { dir, hikae, before: await contentOf(hikae.repository) }
})
// oxlint-enable no-empty-pattern

async function prepare(dir: TempDir): Promise<void> {
  await makeFiles(dir.path, {
    'tree/file': 'content',
    'a file': 'no repository',
    'empty password': '\n',
    'binary password': Buffer.from([0xff, 0xfe, 0]),
    'wrong password': 'not it\n',
    'bad pattern': '*.log\n[\n',
    'stray/data/00/stray': 'no config here',
  })
  await mkdir(dir.join('empty'))
  await writeFile(dir.join('unwritable'), '')
}

interface Case {
  readonly name: string
  readonly args: readonly string[]
  readonly exitCode: number
  /** What the message has to say. */
  readonly says: RegExp
  readonly options?: ProcessOptions
  /** What was said on the way there. */
  readonly notes?: RegExp
}

const noPassword = { env: { HIKAE_PASSWORD: undefined } }
const noRepository = { env: { HIKAE_REPOSITORY: undefined } }

const CASES: readonly Case[] = [
  // Repository and password
  {
    name: 'a wrong password',
    args: ['snapshots', '-p', 'wrong password'],
    exitCode: 12,
    says: /password opens no key/,
  },
  {
    name: 'a missing repository',
    args: ['snapshots', '-r', 'absent'],
    exitCode: 10,
    says: /no repository at .*absent/,
  },
  { name: 'an empty folder', args: ['check', '-r', 'empty'], exitCode: 10, says: /no repository at .*empty/ },
  { name: 'a folder with other things', args: ['backup', '-r', 'stray', 'tree'], exitCode: 10, says: /no repository/ },
  { name: 'a file as repository', args: ['snapshots', '-r', 'a file'], exitCode: 1, says: /is a file, not a folder/ },
  { name: 'no repository', args: ['snapshots'], exitCode: 2, says: /no repository is named/, options: noRepository },
  { name: 'an empty repository name', args: ['ls', '-r', '', 'latest'], exitCode: 2, says: /repository is empty/ },
  {
    name: 'two repositories for one',
    args: ['ls', '-r', 'a', '-r', 'b', 'latest'],
    exitCode: 2,
    says: /one repository/,
  },
  { name: 'a backend that is not there', args: ['snapshots', '-r', 'gs:bucket:/'], exitCode: 2, says: /Google/ },
  {
    name: 'an S3 address without a bucket',
    args: ['ls', '-r', 's3:https://host', 'x'],
    exitCode: 2,
    says: /no bucket/,
  },
  { name: 'an SFTP address without a path', args: ['ls', '-r', 'sftp:host', 'x'], exitCode: 2, says: /no sense/ },
  { name: 'an rclone address without a remote', args: ['ls', '-r', 'rclone:x', 'x'], exitCode: 2, says: /remote/ },
  {
    name: 'an unknown setting of a backend',
    args: ['snapshots', '-o', 's3.regoin=x'],
    exitCode: 2,
    says: /no backend option s3\.regoin[^]*did you mean s3\.region/,
  },
  {
    name: 'a file without certificates',
    args: ['snapshots', '-r', 'rest:https://localhost:1/', '--cacert', 'empty password'],
    exitCode: 2,
    says: /holds no certificate/,
  },
  {
    name: 'a stack file that is not there',
    args: ['snapshots', '--config', 'absent.yaml'],
    exitCode: 2,
    says: /cannot read the stack file .*absent\.yaml/,
    options: noRepository,
  },
  { name: 'an unknown backend', args: ['snapshots', '-r', 'ftp:host'], exitCode: 2, says: /'ftp'/ },
  { name: 'no password', args: ['snapshots'], exitCode: 2, says: /no password was given/, options: noPassword },
  { name: 'a missing password file', args: ['snapshots', '-p', 'absent'], exitCode: 2, says: /password file absent/ },
  {
    name: 'an empty password file',
    args: ['snapshots', '-p', 'empty password'],
    exitCode: 2,
    says: /password is empty/,
  },
  { name: 'a binary password file', args: ['snapshots', '-p', 'binary password'], exitCode: 2, says: /not UTF-8/ },
  {
    name: 'a failing password command',
    args: ['snapshots', '--password-command', 'exit 3'],
    exitCode: 1,
    says: /ended with 3/,
  },
  // The command line
  { name: 'an unknown command', args: ['bakup'], exitCode: 2, says: /bakup[^]*backup/ },
  { name: 'an unknown option', args: ['backup', '--exlude', 'x', 'tree'], exitCode: 2, says: /--exlude[^]*--exclude/ },
  { name: 'an unknown option of restore', args: ['restore', 'latest', '--targte', 'x'], exitCode: 2, says: /--targte/ },
  { name: 'an option without its value', args: ['backup', 'tree', '--tag'], exitCode: 2, says: /--tag/ },
  { name: 'too many arguments', args: ['snapshots', 'latest', '--latest'], exitCode: 2, says: /--latest/ },
  { name: 'a missing argument', args: ['diff', 'latest'], exitCode: 2, says: /TO/ },
  { name: 'half a command', args: ['key'], exitCode: 2, says: /key what/ },
  {
    name: 'a number that is none',
    args: ['backup', 'tree', '--pack-size', 'big'],
    exitCode: 2,
    says: /--pack-size[^]*big/,
  },
  { name: 'a number too small', args: ['backup', 'tree', '--pack-size', '3'], exitCode: 2, says: /4 to 128/ },
  {
    name: 'a wrong word',
    args: ['backup', 'tree', '--compression', 'maximum'],
    exitCode: 2,
    says: /--compression[^]*max/,
  },
  { name: 'a wrong time', args: ['backup', 'tree', '--time', 'yesterday'], exitCode: 2, says: /--time[^]*yesterday/ },
  { name: 'a wrong size', args: ['backup', 'tree', '--exclude-larger-than', 'large'], exitCode: 2, says: /large/ },
  { name: 'a wrong part', args: ['check', '--read-data-subset', '8/7'], exitCode: 2, says: /8\/7/ },
  {
    name: 'two ways at once',
    args: ['check', '--read-data', '--read-data-subset', '1/2'],
    exitCode: 2,
    says: /only one/,
  },
  { name: 'a wrong kind', args: ['list', 'everything'], exitCode: 2, says: /everything/ },
  // Backup
  { name: 'nothing to back up', args: ['backup'], exitCode: 2, says: /nothing to back up/ },
  { name: 'an empty path', args: ['backup', ''], exitCode: 2, says: /empty/ },
  { name: 'only missing paths', args: ['backup', 'absent', 'too'], exitCode: 2, says: /absent, .*too not found/ },
  { name: 'everything excluded', args: ['backup', 'tree', '-e', 'tree'], exitCode: 1, says: /nothing to back up/ },
  { name: 'a bad pattern', args: ['backup', 'tree', '--exclude', '[a'], exitCode: 2, says: /--exclude[^]*\[a/ },
  {
    name: 'a bad pattern in a file',
    args: ['backup', 'tree', '--exclude-file', 'bad pattern'],
    exitCode: 2,
    says: /bad pattern[^]*\[/,
  },
  { name: 'a missing pattern file', args: ['backup', 'tree', '--exclude-file', 'absent'], exitCode: 2, says: /absent/ },
  { name: 'a missing list of files', args: ['backup', '--files-from', 'absent'], exitCode: 2, says: /absent/ },
  { name: 'an empty list of files', args: ['backup', '--files-from', '-'], exitCode: 2, says: /nothing to back up/ },
  {
    name: 'a list that matches nothing',
    args: ['backup', '--files-from', '-'],
    exitCode: 2,
    says: /nothing/,
    options: { input: 'absent*\n' },
  },
  { name: 'a stream and files', args: ['backup', '--stdin', 'tree'], exitCode: 2, says: /--stdin/ },
  { name: 'no command', args: ['backup', '--stdin-from-command'], exitCode: 2, says: /needs a command/ },
  {
    name: 'a stream without name',
    args: ['backup', '--stdin', '--stdin-filename', '..'],
    exitCode: 2,
    says: /no name/,
  },
  { name: 'a parent that is missing', args: ['backup', 'tree', '--parent', '00000000'], exitCode: 1, says: /00000000/ },
  // Snapshots and what is in them
  { name: 'a snapshot that is missing', args: ['ls', '00000000'], exitCode: 1, says: /00000000/ },
  { name: 'a snapshot that cannot be', args: ['ls', 'newest'], exitCode: 2, says: /newest/ },
  { name: 'a filter without match', args: ['ls', 'latest', '--host', 'nobody'], exitCode: 1, says: /latest/ },
  {
    name: 'a path that is missing',
    args: ['ls', 'latest:/absent'],
    exitCode: 1,
    says: /\/absent/,
    notes: /^snapshot /,
  },
  { name: 'a path that is relative', args: ['ls', 'latest', 'tree'], exitCode: 2, says: /'tree'/ },
  { name: 'a blob that is missing', args: ['cat', 'blob', '0'.repeat(64)], exitCode: 2, says: /0000/ },
  { name: 'part of a blob id', args: ['cat', 'blob', '1234'], exitCode: 2, says: /whole id/ },
  { name: 'an object without id', args: ['cat', 'snapshot'], exitCode: 2, says: /which one/ },
  { name: 'a file that is missing', args: ['dump', 'latest', '/absent'], exitCode: 1, says: /\/absent/ },
  {
    name: 'a dump onto a file',
    args: ['dump', 'latest', '/tree/file', '--target', 'a file'],
    exitCode: 1,
    says: /a file/,
  },
  // Restore
  { name: 'no target', args: ['restore', 'latest'], exitCode: 2, says: /where to put/ },
  {
    name: 'a target below a file',
    args: ['restore', 'latest', '--target', 'a file/below'],
    exitCode: 1,
    says: /a file/,
    notes: /^restoring /,
  },
  {
    name: 'a subfolder that is missing',
    args: ['restore', 'latest:/absent', '--target', 'x'],
    exitCode: 1,
    says: /\/absent/,
    notes: /^restoring /,
  },
  {
    name: 'a bad pattern of restore',
    args: ['restore', 'latest', '--target', 'x', '--include', '[a'],
    exitCode: 2,
    says: /--include[^]*\[a/,
  },
  // Keys and repositories
  { name: 'init on a repository', args: ['init'], exitCode: 1, says: /already a repository/ },
  { name: 'init below a file', args: ['init', '-r', 'a file/below'], exitCode: 1, says: /a file/ },
]

/** Those that keep others out for a moment. */
const EXCLUSIVE: readonly Case[] = [
  { name: 'the key in use', args: ['key', 'remove', 'KEY'], exitCode: 2, says: /key/ },
  { name: 'a key that is missing', args: ['key', 'remove', '00000000'], exitCode: 2, says: /00000000/ },
  {
    name: 'a missing new password',
    args: ['key', 'add', '--new-password-file', 'absent'],
    exitCode: 2,
    says: /absent/,
  },
]

describe.concurrent('a senseless command says in a paragraph what is wrong and what to do:', () => {
  test.for(CASES)('$name', async (senseless, { shared: { hikae }, expect }) => {
    await expectRefusal(senseless, hikae, expect)
  })
})

describe('a senseless command that keeps others out:', () => {
  test.for(EXCLUSIVE)('$name', async (senseless, { shared: { hikae }, expect }) => {
    await expectRefusal(senseless, hikae, expect)
  })
})

describe('afterwards', () => {
  test('nothing is lost and nothing was added', async ({ shared: { dir, hikae, before }, expect }) => {
    expect(await contentOf(hikae.repository)).toEqual(before)
    await hikae.check()
    const { stdout } = await runOk('find', [dir.path, '-maxdepth', '1', '-newer', dir.join('unwritable'), '-name', 'x'])
    expect(stdout).toBe('')
  })
})

describe('programs are told the same as JSON', () => {
  test('one message with code, text and next step', async ({ shared: { hikae }, expect }) => {
    const { stderr, stdout, exitCode } = await hikae.run(['--json', 'snapshots', '-r', 'absent'])
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 10 })
    expect(JSON.parse(stderr)).toEqual({
      message_type: 'exit_error',
      code: 10,
      message: expect.stringContaining('no repository'),
      hint: expect.stringContaining('hikae init'),
      error_code: 'REPOSITORY_MISSING',
    })
  })
})

describe('a repository from the future', () => {
  test('is refused with its version', async ({ dir, expect }) => {
    {
      await using backend = await openLocalBackend(dir.join('repository'))
      const version = 3 as 2
      await initRepository(backend, { password: PASSWORD, hostname: 'h', username: 'u', version })
    }
    const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
    for (const command of [['snapshots'], ['backup', '.'], ['check']]) {
      const { exitCode, stderr } = await hikae.run(command)
      expect(stderr).toMatch(/^hikae: .*version 3[^\n]*\nnext: upgrade/)
      expect(exitCode).toBe(1)
    }
  })
})

async function expectRefusal(senseless: Case, hikae: Hikae, expect: ExpectStatic): Promise<void> {
  const { args, exitCode, says, options, notes = /^$/ } = senseless
  const words = args.includes('KEY') ? await withKey(hikae, args) : args
  const result = await hikae.run(words, options)
  expect(result.stderr).toMatch(says)
  expect(result.exitCode).toBe(exitCode)
  expect(result.stdout).toMatch(notes)
  // One paragraph, perhaps with warnings before it; the next step; no trace of where in the program it happened.
  expect(result.stderr).toMatch(/^(warning: .+\n)*hikae: [^\n]+\nnext: [^\n]+\n$/)
  expect(result.stderr).not.toMatch(/\n\s+at |unexpected error|node:|undefined|\[object|\bE[A-Z]{3,}:/)
  expect(result.stderr).not.toContain(PASSWORD)
}

async function withKey(hikae: Hikae, args: readonly string[]): Promise<string[]> {
  const { stdout } = await hikae.ok(['list', 'keys'])
  return args.map((arg) => (arg === 'KEY' ? stdout.trim() : arg))
}

/** Names and sizes of all stored files; locks come and go. */
async function contentOf(repository: string): Promise<string[]> {
  const { stdout } = await runOk('find', [repository, '-type', 'f', '-not', '-path', '*/locks/*', '-printf', '%P %s\n'])
  return stdout.split('\n').toSorted()
}
