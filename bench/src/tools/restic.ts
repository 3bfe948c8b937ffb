import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output, type Command } from '../command.ts'
import { ToolMissingError, type Tool, type ToolContext } from './tool.ts'

const fetched = fileURLToPath(new URL('../../../.cache/restic-0.18/usr/bin/restic', import.meta.url))

/** The restic named by `RESTIC`, else the one `script/fetch-restic` fetched, else the one in PATH. */
export async function restic({ state, password, signal }: ToolContext): Promise<Tool> {
  const file = process.env['RESTIC'] ?? (existsSync(fetched) ? fetched : 'restic')
  const env = { RESTIC_PASSWORD_FILE: password, RESTIC_CACHE_DIR: join(state, 'restic-cache') }
  const run = (...args: string[]): Command => ({ file, args, env })
  const version = await output(run('version'), signal).catch((error: unknown) => {
    throw new ToolMissingError(`${file} does not run`, { cause: error })
  })
  return {
    name: 'restic',
    title: /^restic \S+/.exec(version)?.[0] ?? 'restic',
    initialize: (repository) => run('-r', repository, 'init'),
    backUp: (repository, source) => run('-r', repository, 'backup', source),
    restore: (repository, target) => run('-r', repository, 'restore', 'latest', '--target', target),
    restoredAt: (target, source) => join(target, source),
    check: (repository) => run('-r', repository, 'check', '--read-data'),
    listSnapshots: (repository) => run('-r', repository, 'snapshots'),
    printVersion: () => run('version'),
  }
}
