import { findLiveData, type LiveData, type SharedData } from '../../docker/containers/live-data.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import type { Finding } from '../finding.ts'
import type { DockerVolumesConfig } from './config.ts'
import type { VolumeReading } from './read-volume.ts'
import { mountsOf, type VolumeUsers } from './volume-users.ts'
import type { VolumeAccess } from './access.ts'

/** Which databases write to the volumes while they are copied. @throws {DockerError} */
export async function liveDatabases(
  engine: DockerEngine,
  users: readonly VolumeUsers[],
  ways: readonly VolumeAccess[],
  { quiesce, acceptLive }: Pick<DockerVolumesConfig, 'quiesce' | 'acceptLive'>,
  signal: AbortSignal,
): Promise<LiveData> {
  const data = users.map((each, at) => {
    const access = ways[at]!
    return { ...sharedBy(each), ...(access.way === 'direct' ? { folder: access.path } : {}) }
  })
  return await findLiveData(engine, { data, how: quiesce, acceptLive, signal })
}

/** Databases of SQLite in volumes that could be seen only when these were read. @throws {DockerError} */
export async function liveInRead(
  engine: DockerEngine,
  users: readonly VolumeUsers[],
  readings: readonly Pick<VolumeReading, 'volume' | 'sqlite'>[],
  { quiesce, acceptLive }: Pick<DockerVolumesConfig, 'quiesce' | 'acceptLive'>,
  signal: AbortSignal,
): Promise<LiveData> {
  const data = users.map((each) => ({
    ...sharedBy(each),
    sqlite: readings.find(({ volume }) => volume === each.volume)?.sqlite ?? [],
  }))
  return await findLiveData(engine, { data, how: quiesce, acceptLive, signal })
}

/** Logs what was asked for. @returns what makes the reading incomplete */
export function toldLive({ findings, accepted }: LiveData, log: (line: string) => void): readonly Finding[] {
  for (const line of accepted) log(line)
  for (const { severity, message } of findings) if (severity === 'warning') log(message)
  return findings.filter(({ severity }) => severity === 'error')
}

function sharedBy({ volume, all }: VolumeUsers): SharedData {
  return {
    name: volume.name,
    description: `the volume ${volume.name}`,
    users: all,
    mountedAt: (container) => mountsOf(container, volume),
  }
}
