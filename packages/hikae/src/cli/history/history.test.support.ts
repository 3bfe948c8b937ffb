import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { ownProcess, type ProcessOrigin } from '../../state/process-origin.ts'
import { stateFolder } from '../../state/state-folder.ts'
import type { SourceResult } from '../../state/run-record.ts'
import { openState, type State } from '../../state/state.ts'
import type { Command } from '../command.ts'
import type { Environment } from '../context.ts'
import { Output } from '../output/output.ts'
import { parseCommandLine } from '../parse.ts'

export interface RunOptions {
  readonly signal?: AbortSignal
  /** Told of all that is printed so far, whenever there is more. */
  readonly onStdout?: (text: string) => void
}

export interface Printed {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A process that is not: its number was never given out. */
export const GONE: ProcessOrigin = { ...ownProcess(), pid: 2 ** 22 + 1 }

/** A stack file in a folder of its own, and a clock that is set by hand. */
export const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await makeTempDir()
    onCleanup(() => folder[Symbol.asyncDispose]())
    await mkdir(folder.join('shop'))
    await writeFile(folder.join('shop', 'hikae.yaml'), 'version: 1\n')
    return folder.path
  })
  .extend('env', ({ folder }): Environment => {
    return { XDG_STATE_HOME: join(folder, 'state'), HIKAE_CONFIG: join(folder, 'shop', 'hikae.yaml') }
  })
  .extend('clock', () => ({ ms: Date.UTC(2026, 10, 21, 20, 15) }))
  .extend('open', ({ env, clock }, { onCleanup }) => {
    const opened = new AsyncDisposableStack()
    onCleanup(() => opened.disposeAsync())
    let chance = 0
    const random = (): number => (chance += 0.01)
    return (origin: ProcessOrigin = ownProcess()): State => {
      const folder = stateFolder({ env, home: homedir() }, env['HIKAE_CONFIG']!)
      return opened.use(openState(folder, { clock: () => clock.ms, random, origin }))
    }
  })
  .extend(
    'run',
    ({ env }) =>
      (command: Command, argv: readonly string[], options: RunOptions = {}) =>
        runCommand(command, argv, env, options),
  )

/** Runs a command that need not be among the program's, as the program would. */
async function runCommand(
  command: Command,
  argv: readonly string[],
  env: Environment,
  { signal = new AbortController().signal, onStdout = () => {} }: RunOptions,
): Promise<Printed> {
  const printed = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write(chunk: string | Uint8Array) {
      printed[name] += chunk.toString()
      if (name === 'stdout') onStdout(printed.stdout)
      return true
    },
    once: () => undefined,
  })
  const parsed = parseCommandLine([command.name, ...argv], [command], env, 80)
  if (parsed.kind !== 'run') throw new Error('help was asked for')
  const { json, quiet } = parsed.input.globals
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream
  const io = { env, stdin, stdout: stream('stdout'), stderr: stream('stderr'), signal }
  const out = new Output({ ...io, json, quiet, verbosity: 0 })
  const exitCode = await command.run(parsed.input, { io, env, signal, out })
  out.flush()
  return { exitCode, ...printed }
}

export const START = { stack: 'shop', job: 'nightly', trigger: 'schedule', program: '0.1.0' } as const

export function sourceResult(source: string, changes: Partial<SourceResult> = {}): SourceResult {
  return {
    source,
    kind: 'files',
    outcome: 'succeeded',
    startedAt: '2026-11-21T20:15:00.000Z',
    seconds: 65,
    bytes: 3 * 1024 ** 2,
    files: 1200,
    isEmpty: false,
    addedBytes: 2048,
    storedBytes: 1024,
    snapshots: { usb: 'ab'.repeat(32) },
    findings: [],
    ...changes,
  }
}
