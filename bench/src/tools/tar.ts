import { join } from 'node:path'
import { output, type Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import { archiveWays } from '../volumes/archive-ways.ts'
import { ToolMissingError, type Tool, type ToolContext } from './tool.ts'

/** What many people do today. It encrypts nothing, deduplicates nothing and checks nothing. */
export async function tar({ signal }: ToolContext): Promise<Tool> {
  const archive = ({ address }: Place): string => join(address, 'backup.tar.gz')
  const bash = (script: string, ...args: string[]): Command => ({
    file: 'bash',
    args: ['-euo', 'pipefail', '-c', script, 'tar', ...args],
  })
  await output(bash('tar --version && gzip --version'), signal).catch((error: unknown) => {
    throw new ToolMissingError('tar or gzip does not run', { cause: error })
  })
  return {
    name: 'tar',
    title: 'tar, gzip',
    backUp: (repository, source) => bash('tar -cC "$1" . | gzip > "$2"', source, archive(repository)),
    restore: (repository, target) => bash('gzip -dc < "$1" | tar -xC "$2"', archive(repository), target),
    restoredAt: (target) => target,
    volumeWays: archiveWays,
  }
}
