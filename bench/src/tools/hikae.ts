import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output, type Command } from '../command.ts'
import { ToolMissingError, type Tool, type ToolContext } from './tool.ts'

const program = fileURLToPath(new URL('../../../packages/hikae/bin/hikae', import.meta.url))

export async function hikae({ state, password, signal }: ToolContext): Promise<Tool> {
  const run = (...args: string[]): Command => ({ file: program, args, env: { XDG_CACHE_HOME: join(state, 'cache') } })
  const version = await output(run('--version'), signal).catch((error: unknown) => {
    throw new ToolMissingError('packages/hikae/bin/hikae does not run', { cause: error })
  })
  const key = ['--password-file', password]
  return {
    name: 'hikae',
    title: `hikae ${/\d+\.\d+\.\d+\S*/.exec(version)?.[0] ?? ''}`,
    initialize: (repository) => run('init', '--repo', repository, ...key),
    backUp: (repository, source) => run('backup', '--repo', repository, ...key, source),
    both: {
      initialize: ([first, second]) => run('init', '--repo', first, '--repo', second, ...key),
      backUp: ([first, second], source) => run('backup', '--repo', first, '--repo', second, ...key, source),
    },
    restore: (repository, target) => run('restore', '--repo', repository, ...key, 'latest', '--target', target),
    restoredAt: (target, source) => join(target, source),
    check: (repository) => run('check', '--repo', repository, ...key, '--read-data'),
    listSnapshots: (repository) => run('snapshots', '--repo', repository, ...key),
    printVersion: () => run('--version'),
  }
}
