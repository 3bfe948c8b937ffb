import { rm, writeFile } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { command } from '../command.ts'
import type { OutputStream } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { Output } from '../output/output.ts'
import { parseCommandLine } from '../parse.ts'
import { chooseRepositories, chooseRepository } from '../repository/choose.ts'
import { chooseSource } from '../repository/source-repository.ts'

const TEXT = `version: 1
repositories:
  one: { local: one, password: hunter2 }
  two: { local: two, password: { env: P } }
`

const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await writeFile(dir.join('hikae.yaml'), TEXT)
    return dir
  })
  .extend('run', ({ dir }) => (args: readonly string[] = []) => {
    const globals = globalsOf(['--config', dir.join('hikae.yaml'), ...args])
    const lines: string[] = []
    const stream = { write: (text: string) => lines.push(text) > 0, once: () => undefined } as unknown as OutputStream
    const { json, quiet } = globals
    const out = new Output({ stdout: stream, stderr: stream, env: {}, json, quiet, verbosity: 0 })
    return { globals, context: { env: {}, out }, lines }
  })

/** As the command line gives them to a command. */
function globalsOf(args: readonly string[]): GlobalValues {
  const any = command({
    name: 'any',
    group: 'Look',
    summary: 'Anything',
    arguments: [],
    options: {},
    globals: ['repository', 'connection', 'output'],
    examples: [],
    run: async () => 0,
  })
  const parsed = parseCommandLine(['any', ...args], [any], {}, 80)
  if (parsed.kind !== 'run') throw new Error(parsed.text)
  return parsed.input.globals
}

describe('the stack file of a command', () => {
  test('is read once, and what should be otherwise is said once', async ({ run, dir, expect }) => {
    const { globals, context, lines } = run(['--repo', 'two'])
    const destination = await chooseRepository(globals, context)
    await rm(dir.join('hikae.yaml'))
    const source = await chooseSource({ fromRepo: 'one' } as never, globals, context)
    expect([source?.name, destination.name]).toEqual(['one', 'two'])
    expect(lines).toEqual([
      `warning: ${dir.join('hikae.yaml')}:3:22: repositories.one.password: whoever can read this file can read the secret; ` +
        'write { file: /etc/hikae/password } and keep it there\n',
    ])
  })

  test('is read anew by the next command', async ({ run, dir, expect }) => {
    const first = run()
    expect(await chooseRepositories(first.globals, first.context)).toHaveLength(2)
    await writeFile(dir.join('hikae.yaml'), TEXT.replace(/ {2}one.*\n/, ''))
    const next = run()
    expect(await chooseRepositories(next.globals, next.context)).toHaveLength(1)
    expect(next.lines).toEqual([])
  })

  test('is not spoken of with --quiet, and as JSON with --json', async ({ run, expect }) => {
    const quiet = run(['--quiet'])
    await chooseRepositories(quiet.globals, quiet.context)
    expect(quiet.lines).toEqual([])
    const json = run(['--json'])
    await chooseRepositories(json.globals, json.context)
    expect(json.lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ message_type: 'warning' }])
  })
})
