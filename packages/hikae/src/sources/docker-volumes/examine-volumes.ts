import { listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import { accessTo, type VolumeAccess } from './access.ts'
import type { DockerVolumesConfig } from './config.ts'
import { liveDatabases } from './live-databases.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { settleVolumes } from './restore/settle-volumes.ts'
import { type SelectedVolumes, selectVolumes } from './select-volumes.ts'
import { missingVolumes, nothingFits } from './selection-findings.ts'
import { usersOf } from './volume-users.ts'
import { listVolumes } from './volume.ts'

/** Whether the engine answers, the volumes are there and can be read, and no database would be copied while it writes. */
export async function examineVolumes(config: DockerVolumesConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using engine = await openConfiguredEngine(config, context)
    const settled = await settleVolumes(engine, context)
    const selected = selectVolumes(config, await listVolumes(engine))
    if (selected.missing.length > 0) throw missingVolumes(selected.missing, selected.leftOut, context.source)
    return [...settled, ...nothingFits(selected), ...(await examineSelected(engine, selected, config, context))]
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    return [{ severity: 'error', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }]
  }
}

/** A database that writes makes the run incomplete, and does not prevent it. */
async function examineSelected(
  engine: DockerEngine,
  { volumes }: SelectedVolumes,
  config: DockerVolumesConfig,
  { signal }: SourceContext,
): Promise<Finding[]> {
  const ways: VolumeAccess[] = []
  for (const volume of volumes) ways.push(await accessTo(engine, volume, config.read))
  const users = usersOf(volumes, await listContainers(engine))
  const { findings } = await liveDatabases(engine, users, ways, config, signal)
  return findings.map((finding) => ({ ...finding, severity: 'warning' }))
}
