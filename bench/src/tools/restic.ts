import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output, type Command } from '../command.ts'
import { sharedWords } from './shared-words.ts'
import { ToolMissingError, type Tool, type ToolContext } from './tool.ts'

const fetched = fileURLToPath(new URL('../../../.cache/restic-0.18/usr/bin/restic', import.meta.url))

/** The restic named by `RESTIC`, else the one `script/fetch-program restic` fetched, else the one in PATH. */
export async function restic({ state, password, signal }: ToolContext): Promise<Tool> {
  const file = process.env['RESTIC'] ?? (existsSync(fetched) ? fetched : 'restic')
  const run = (...args: string[]): Command => ({ file, args, env: { RESTIC_CACHE_DIR: join(state, 'restic-cache') } })
  const version = await output(run('version'), signal).catch((error: unknown) => {
    throw new ToolMissingError(`${file} does not run`, { cause: error })
  })
  return {
    name: 'restic',
    title: /^restic \S+/.exec(version)?.[0] ?? 'restic',
    ...sharedWords(run, password),
    printVersion: () => run('version'),
  }
}
