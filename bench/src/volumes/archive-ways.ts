import { join } from 'node:path'
import type { Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import type { MeasuredVolume } from './measured-volume.ts'
import type { VolumeWay, VolumeWayName } from './volume-way.ts'

/** Debian's client fits Debian's engine, whatever comes first on PATH. */
const client = '/usr/bin/docker'
/** Compressed or not: tar finds out by itself. */
const archiveName = 'volume.tar'

/**
 * An archive of the whole volume each day, written by containers. A helper container that has the volume and the folder for
 * archives is how offen/docker-volume-backup does it: the archiver is of the same libraries, and uses the same level of gzip.
 * Scripts often let a container write the archive to its standard output, and compress it outside; Docker would log all of
 * that, which is spared here.
 */
export function archiveWays(volume: MeasuredVolume): VolumeWay[] {
  const { programs } = volume
  const piped = (compress: string): string => `tar -cC /backup . | ${compress} >/archive/${archiveName}`
  const archiver = helperWay(volume, 'helper-pgzip', `archiver /backup /archive/${archiveName}`)
  const pigz = helperWay(volume, 'helper-pigz', piped('pigz -5'))
  return [
    ...(programs.includes('archiver') ? [archiver] : []),
    helperWay(volume, 'helper-gzip', piped('gzip -5')),
    ...(programs.includes('pigz') ? [pigz] : []),
    runWay(volume, 'run-tar', 'cat'),
    runWay(volume, 'run-gzip', 'gzip'),
  ]
}

function helperWay(volume: MeasuredVolume, name: VolumeWayName, script: string): VolumeWay {
  return archiveWay(name, ({ address }) => {
    const mounts = ['--volume', `${volume.name}:/backup:ro`, '--volume', `${address}:/archive`]
    const inside = [volume.image, 'bash', '-euo', 'pipefail', '-c', script]
    return { file: client, args: ['run', '--rm', ...mounts, ...inside], ...withEngine(volume) }
  })
}

function runWay(volume: MeasuredVolume, name: VolumeWayName, compress: string): VolumeWay {
  return archiveWay(name, ({ address }) => {
    const script = `"\${@:2}" | ${compress} >"$1"`
    const run = [client, 'run', '--rm', '--log-driver', 'none', '--volume', `${volume.name}:/backup:ro`, volume.image]
    const args = ['-c', script, 'bash', join(address, archiveName), ...run, 'tar', '-cC', '/backup', '.']
    return { file: 'bash', args: ['-euo', 'pipefail', ...args], ...withEngine(volume) }
  })
}

function withEngine(volume: MeasuredVolume): Pick<Command, 'env' | 'helpers'> {
  const env = { DOCKER_HOST: volume.host, DOCKER_CONFIG: '/nonexistent' }
  return { env, helpers: () => volume.containerProcesses() }
}

function archiveWay(name: VolumeWayName, backUp: (place: Place) => Command): VolumeWay {
  return {
    ...{ name, holds: 'one day', backUp },
    restore: ({ address }, target) => ({ file: 'tar', args: ['-xf', join(address, archiveName), '-C', target] }),
    restoredAt: (target) => target,
  }
}
