import { findLiveData, type LiveData, type SharedData } from '../../docker/containers/live-data.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import type { DockerVolumesConfig } from './config.ts'
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
  const data = users.map(({ volume, all }, at): SharedData => ({
    name: volume.name,
    description: `the volume ${volume.name}`,
    users: all,
    mountedAt: (container) => mountsOf(container, volume),
    ...(ways[at]!.way === 'direct' ? { folder: volume.mountpoint } : {}),
  }))
  return await findLiveData(engine, { data, how: quiesce, acceptLive, signal })
}
