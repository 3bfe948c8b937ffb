import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import type { ToolContext } from '../tools/tool.ts'
import type { MeasuredVolume } from './measured-volume.ts'
import type { VolumeWay, VolumeWayName } from './volume-way.ts'

/**
 * A stack file with the volume, and a job that is run by `hikae backup`: read where it lies, and through the Docker Engine
 * as on another host.
 *
 * @param run hikae with these arguments
 */
export function hikaeWays(
  run: (...args: string[]) => Command,
  volume: MeasuredVolume,
  { state, password }: Pick<ToolContext, 'state' | 'password'>,
): VolumeWay[] {
  const way = (name: VolumeWayName, read: 'direct' | 'archive'): VolumeWay => {
    const stack = join(state, `${name}.yaml`)
    writeFileSync(stack, stackFile(volume, read, password))
    const memory = join(state, name)
    const at = ({ address }: Place, command: Command): Command => {
      return { ...command, env: { ...command.env, REPOSITORY: address, XDG_STATE_HOME: memory } }
    }
    const there = ({ address }: Place): string[] => ['--repo', address, '--password-file', password]
    return {
      ...{ name, holds: 'all days' },
      initialize: (place) => at(place, forgetful(run('init', ...there(place)), memory)),
      backUp: (place) => at(place, run('backup', '--config', stack)),
      restore: (place, target) => at(place, run('restore', 'latest', '--target', target, ...there(place))),
      restoredAt: (target) => join(target, 'volumes', volume.name),
    }
  }
  return [way('hikae', 'direct'), way('hikae-archive', 'archive')]
}

/** JSON is YAML. */
function stackFile({ name, host }: MeasuredVolume, read: 'direct' | 'archive', password: string): string {
  return JSON.stringify({
    version: 1,
    stack: 'bench',
    repositories: { disk: { local: '${REPOSITORY}', password: { file: password } } },
    sources: { volume: { 'docker-volumes': { names: [name], engine: { host }, read } } },
    jobs: { daily: { sources: ['volume'], to: ['disk'] } },
  })
}

/** Each round begins without what hikae remembers of the runs of the former one. */
function forgetful(command: Command, memory: string): Command {
  const script = 'rm -rf "$1"; exec "${@:2}"'
  return { ...command, file: 'bash', args: ['-euc', script, 'bash', memory, command.file, ...command.args] }
}
