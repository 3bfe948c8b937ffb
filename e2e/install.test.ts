import { readdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { findProgram, makeTempDir, missingPrograms, runOk, skipBecause } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base } from './fixtures.ts'
import { Hikae, PROGRAM } from './hikae.ts'

const ROOT = join(import.meta.dirname, '..')

/** As people have it: without the programs that npm adds for its own scripts. */
const PATH = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter)

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('installed', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  const env = { PATH, npm_config_loglevel: 'error', npm_config_update_notifier: 'false' }
  const npm = async (...args: string[]): Promise<void> => {
    await runOk('npm', args, { cwd: ROOT, env, timeoutMs: 170_000 })
  }
  await npm('pack', '--ignore-scripts', '-w', 'packages/engine', '-w', 'packages/hikae', '--pack-destination', dir.path)
  const packed = (await readdir(dir.path)).map((name) => dir.join(name))
  await npm(
    'install',
    '--global',
    '--prefix',
    dir.join('prefix'),
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    ...packed,
  )
  return { dir, program: dir.join('prefix/bin/hikae'), packed }
})
// oxlint-enable no-empty-pattern

const noNpm = skipBecause(await missingPrograms('npm', 'tar'))

describe.skipIf(noNpm)('the packages as they are published', () => {
  test('install under the Node of the machine, and back up and restore', async ({ installed, dir, expect }) => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'packages/hikae/package.json'), 'utf8')) as {
      version: string
    }
    const hikae = new Hikae({
      repository: dir.join('repository'),
      cwd: dir.path,
      program: installed.program,
      env: { PATH },
    })
    expect((await hikae.ok(['--version'])).stdout).toBe(`hikae ${version}\n`)
    await makeFiles(dir.join('tree'), { file: 'content', 'sub/other': 'x'.repeat(1_000_000) })
    await hikae.init()
    await hikae.backup(['tree'])
    await hikae.check()
    await hikae.restore('latest:/tree', dir.join('restored'))
    expect(await readFile(dir.join('restored/sub/other'), 'utf8')).toHaveLength(1_000_000)
  })

  test('hold neither tests nor sources nor anything of this machine', async ({ installed, expect }) => {
    expect(installed.packed).toHaveLength(2)
    for (const file of installed.packed) {
      const { stdout } = await runOk('tar', ['-tzf', file])
      const names = stdout.trim().split('\n')
      expect(names).toContain('package/LICENSE')
      expect(names).toContain('package/README.md')
      expect(names.filter((name) => /\.test\.|tsbuildinfo|\/src\/|tsconfig/.test(name))).toEqual([])
    }
  })
})

describe('shell completion', () => {
  test.for([
    { shell: 'bash', script: 'source <("$0" completion bash) && complete -p hikae' },
    {
      shell: 'zsh',
      script: 'autoload -U compinit && compinit -D && source <("$0" completion zsh) && whence -w _hikae',
    },
    { shell: 'fish', script: 'source (printf "%s" "$argv[1]" | psub); complete -C "hikae rest"' },
  ])('loads in $shell', async ({ shell, script }, { expect, skip }) => {
    if ((await findProgram(shell)) === undefined) skip(`${shell} is not installed`)
    const fish = shell === 'fish' ? [(await runOk(PROGRAM, ['completion', 'fish'])).stdout] : [PROGRAM]
    const { stdout, stderr } = await runOk(shell, ['-c', script, ...fish])
    expect(stdout).toMatch(shell === 'fish' ? /restore/ : /hikae/)
    expect(stderr).toBe('')
  })
})

test('the demo shows what it promises', async ({ dir, expect }) => {
  const { stdout } = await runOk(join(ROOT, 'script/demo'), [], {
    cwd: dir.path,
    env: { TMPDIR: dir.path },
    timeoutMs: 170_000,
  })
  expect(stdout).toContain('every byte, mode, link and time is as it was')
  expect(stdout).toContain('no errors were found')
  expect(await readdir(dir.path)).toEqual([])
})
