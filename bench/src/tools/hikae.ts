import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output, type Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import { sharedWords } from './shared-words.ts'
import { hikaeWays } from '../volumes/hikae-ways.ts'
import { ToolMissingError, type Tool, type ToolContext } from './tool.ts'

const program = fileURLToPath(new URL('../../../packages/hikae/bin/hikae', import.meta.url))

export async function hikae({ state, password, signal }: ToolContext): Promise<Tool> {
  const run = (...args: string[]): Command => ({ file: program, args, env: { XDG_CACHE_HOME: join(state, 'cache') } })
  const version = await output(run('--version'), signal).catch((error: unknown) => {
    throw new ToolMissingError('packages/hikae/bin/hikae does not run', { cause: error })
  })
  const atBoth = ([first, second]: readonly [Place, Place], ...args: string[]): Command => {
    const at = ['--repo', first.address, '--repo', second.address, '--password-file', password, ...first.args]
    const command = run(...args, ...at)
    return { ...command, env: { ...command.env, ...first.env } }
  }
  return {
    name: 'hikae',
    title: `hikae ${/\d+\.\d+\.\d+\S*/.exec(version)?.[0] ?? ''}`,
    ...sharedWords(run, password),
    both: {
      initialize: (places) => atBoth(places, 'init'),
      backUp: (places, source) => atBoth(places, 'backup', source),
    },
    printVersion: () => run('--version'),
    volumeWays: (volume) => hikaeWays(run, volume, { state, password }),
  }
}
