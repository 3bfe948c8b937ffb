import { imageName } from '../../migration/images.ts'
import type { Engines } from '../../migration/migration.ts'
import { whatIsMoved } from '../../migration/migrate.ts'
import type { MigrationPlan } from '../../migration/plan.ts'
import { removedVolumes } from '../../migration/remove-source.ts'
import { isRunning } from '../../migration/subject.ts'
import { formatBytesRoughly } from '../output/format.ts'

/** What a migration would do, for the person who decides: one line each, in order. */
export function planSteps(plan: MigrationPlan, { from, to }: Engines): string[] {
  const { project } = plan.subject
  const running = project?.containers.filter(isRunning).map(({ summary }) => summary.name) ?? []
  const still = project?.containers.filter((one) => !isRunning(one)).map(({ summary }) => summary.name) ?? []
  return [
    ...plan.images.map((image) =>
      image.isThere
        ? `leave the image ${imageName(image)} as it is: it is there already`
        : `bring over the image ${imageName(image)} (${formatBytesRoughly(image.sizeBytes)})`,
    ),
    ...(plan.helperImage
      ? [
          `bring over the image ${imageName(plan.helperImage)} (${formatBytesRoughly(plan.helperImage.sizeBytes)}) for the time being: volumes are written through a container of it, which never runs`,
        ]
      : []),
    ...plan.networks.map(({ info, isThere }) =>
      isThere ? `use the network ${info.Name}, which is there already` : `make the network ${info.Name}`,
    ),
    ...plan.volumes.map(({ volume, bytes, isCopied }) =>
      isCopied
        ? `copy the volume ${volume.name}${bytes === undefined ? '' : ` (${formatBytesRoughly(bytes)})`}, while it is in use`
        : `make the volume ${volume.name} with the same options, without content`,
    ),
    ...(project?.hasFolder ? [`copy the folder ${project.folder} to ${project.newFolder} there`] : []),
    plan.stopped.length > 0
      ? `stop ${plan.stopped.join(', ')} at ${from.address}; bring over what has changed since, and compare all of it`
      : 'bring over what has changed since, and compare all of it: nothing has to be stopped',
    ...(project ? [`make the containers ${[...running, ...still].join(', ')} at ${to.address}`] : []),
    ...fateSteps(plan, from.address, 'runs'),
    ...(running.length > 0 ? [`start ${running.join(', ')} there, and wait until all are well`] : []),
    ...fateSteps(plan, from.address, plan.source === 'runs' ? undefined : plan.source),
  ]
}

/** What somebody has to know before he says yes. */
export function planNotes(plan: MigrationPlan): string[] {
  const isDouble = plan.source === 'runs' && plan.subject.project !== undefined && plan.stopped.length > 0
  return [
    ...plan.limits,
    ...(isDouble
      ? [
          `${whatIsMoved(plan)} will run twice: what the source writes afterwards stays there. With --stop-source, the source stays stopped`,
        ]
      : []),
    ...(plan.source === 'stopped' && plan.stopped.length > 0
      ? ['containers with `restart: always` start again when the Docker Engine of the source does']
      : []),
  ]
}

function fateSteps(plan: MigrationPlan, address: string, fate: MigrationPlan['source'] | undefined): string[] {
  if (fate !== plan.source) return []
  const stopped = plan.stopped.join(', ')
  if (fate === 'runs') return stopped === '' ? [] : [`start ${stopped} at ${address} again`]
  if (fate === 'stopped') return stopped === '' ? [] : [`leave ${stopped} at ${address} stopped`]
  const containers = plan.subject.project?.containers.map(({ summary }) => summary.name) ?? []
  const networks = plan.networks.filter(({ isOwn }) => isOwn).map(({ info }) => info.Name)
  const volumes = removedVolumes(plan).map(({ name }) => name)
  const parts = [
    ...(containers.length > 0 ? [`the containers ${containers.join(', ')}`] : []),
    ...(networks.length > 0 ? [`the networks ${networks.join(', ')}`] : []),
    ...(volumes.length > 0 ? [`the volumes ${volumes.join(', ')}`] : []),
  ]
  return [`REMOVE at ${address}: ${parts.join('; ')}. Images and files stay`]
}
