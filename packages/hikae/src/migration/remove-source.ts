import { COMPOSE_LABELS } from '../docker/compose/labels.ts'
import type { DockerEngine } from '../docker/engine.ts'
import { errorMessage, isKnownError } from '../errors.ts'
import type { Finding } from '../sources/finding.ts'
import { isAnonymous, removeVolume, type Volume } from '../sources/docker-volumes/volume.ts'
import type { MigrationPlan } from './plan.ts'

/** Volumes that go when the source is removed; those of others that the project only uses stay. */
export function removedVolumes({ subject: { project, volumes }, ...plan }: MigrationPlan): readonly Volume[] {
  const copied = new Set(plan.volumes.filter(({ isCopied }) => isCopied).map(({ volume }) => volume))
  return volumes.filter(
    (volume) =>
      copied.has(volume) &&
      (!project || volume.labels[COMPOSE_LABELS.project] === project.name || isAnonymous(volume.name)),
  )
}

/**
 * Removes what was moved from the source: the project's containers, its networks, and volumes. Images and files stay.
 *
 * @returns what could not be removed
 */
export async function removeSource(from: DockerEngine, plan: MigrationPlan): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const removed = async (what: string, removal: () => Promise<unknown>): Promise<void> => {
    try {
      await removal()
    } catch (error) {
      if (!isKnownError(error)) throw error
      const message = `${what} is still at ${from.address}: ${errorMessage(error)}`
      findings.push({ severity: 'error', message, hint: 'remove it by hand when nobody needs it any more' })
    }
  }
  for (const { summary } of plan.subject.project?.containers ?? []) {
    const { id, name } = summary
    await removed(`the container ${name}`, () =>
      from.ask(`remove the container ${name}`, (api) => api.getContainer(id).remove()),
    )
  }
  for (const { info, isOwn } of plan.networks) {
    if (!isOwn) continue
    await removed(`the network ${info.Name}`, () =>
      from.ask(`remove the network ${info.Name}`, (api) => api.getNetwork(info.Id).remove()),
    )
  }
  for (const { name } of removedVolumes(plan)) await removed(`the volume ${name}`, () => removeVolume(from, name))
  return findings
}
