import { join } from 'node:path'
import type { Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import type { Tool } from './tool.ts'

/**
 * All that hikae and restic are told in the same words, so that both are asked for the same.
 *
 * @param run the program with these arguments @param password a file
 */
export function sharedWords(run: (...args: string[]) => Command, password: string) {
  const at = ({ address, args: own, env }: Place, ...args: string[]): Command => {
    const command = run(...args, '--repo', address, '--password-file', password, ...own)
    return { ...command, env: { ...command.env, ...env } }
  }
  const from = ({ address }: Place): string[] => ['--from-repo', address, '--from-password-file', password]
  return {
    speaksToServers: true,
    initialize: (repository) => at(repository, 'init'),
    backUp: (repository, source) => at(repository, 'backup', source),
    restore: (repository, target) => at(repository, 'restore', 'latest', '--target', target),
    restoreSparse: (repository, target) => at(repository, 'restore', 'latest', '--target', target, '--sparse'),
    restoredAt: (target, source) => join(target, source),
    check: (repository) => at(repository, 'check', '--read-data'),
    listSnapshots: (repository) => at(repository, 'snapshots'),
    upkeep: {
      backUpWithout: (repository, source, pattern) => at(repository, 'backup', source, '--exclude', pattern),
      forgetAllButLast: (repository) => at(repository, 'forget', '--keep-last', '1'),
      prune: (repository) => at(repository, 'prune'),
      initializeLike: (repository, model) => at(repository, 'init', '--copy-chunker-params', ...from(model)),
      copy: (source, target) => at(target, 'copy', ...from(source)),
      checkStructure: (repository) => at(repository, 'check'),
      listFiles: (repository) => at(repository, 'ls', 'latest'),
      stats: (repository) => at(repository, 'stats'),
      find: (repository, name) => at(repository, 'find', name),
    },
  } satisfies Partial<Tool>
}
