import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { output, type Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import { ToolMissingError, type Tool, type ToolContext } from './tool.ts'

/** Borg with zstd at restic's level, encrypted with the key in the repository. */
export async function borg({ state, signal }: ToolContext): Promise<Tool> {
  const file = 'borg'
  const base = join(state, 'borg')
  mkdirSync(base, { recursive: true })
  const env = { BORG_BASE_DIR: base, BORG_PASSPHRASE: 'benchmark', BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes' }
  const run = (args: string[], cwd?: string): Command => ({ file, args, env, ...(cwd !== undefined && { cwd }) })
  const extract = ({ address }: Place, target: string, ...options: string[]): Command => {
    const script = 'borg extract "${@:2}" "$1::$(borg list --last 1 --short "$1")"'
    return { ...run(['-euc', script, 'borg', address, ...options], target), file: 'bash' }
  }
  const version = await output(run(['--version']), signal).catch((error: unknown) => {
    throw new ToolMissingError('borg does not run (Debian package borgbackup)', { cause: error })
  })
  return {
    name: 'borg',
    title: version.trim(),
    initialize: ({ address }) => run(['init', '--encryption=repokey-blake2', address]),
    backUp: ({ address }, source) =>
      run(['create', '--compression=zstd,3', `${address}::{utcnow:%Y%m%d%H%M%S%f}`, '.'], source),
    restore: (repository, target) => extract(repository, target),
    restoreSparse: (repository, target) => extract(repository, target, '--sparse'),
    restoredAt: (target) => target,
    check: ({ address }) => run(['check', '--verify-data', address]),
    listSnapshots: ({ address }) => run(['list', address]),
    printVersion: () => run(['--version']),
  }
}
