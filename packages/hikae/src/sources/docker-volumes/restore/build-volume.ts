import { rename, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DockerEngine } from '../../../docker/engine.ts'
import { InputError } from '../../../errors.ts'
import type { TreeCounts } from '../../counted-tree.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath } from '../../swap/byte-path.ts'
import { flushFileSystem } from '../../swap/flush.ts'
import { accessTo, type VolumeAccess } from '../access.ts'
import type { DockerVolumesConfig } from '../config.ts'
import { countFolder } from '../count-folder.ts'
import { countPoint, countText, isSameCount } from '../count-point.ts'
import type { HelperWork } from '../helper-with.ts'
import { VOLUMES_FOLDER } from '../volume-facts.ts'
import { createVolume, type Volume, type VolumeSpec } from '../volume.ts'
import { countVolume, fillThroughEngine } from './archive-content.ts'
import { removeLeft } from './remove-left.ts'
import { freshLabels, freshVolumeName } from './volume-labels.ts'

/** What a restore works with. */
export interface VolumeWork {
  readonly engine: DockerEngine
  readonly point: SourcePoint
  readonly read: DockerVolumesConfig['read']
  readonly context: ReadContext
}

/** A volume with what was saved, whole and compared. Disposing of it removes it. */
export interface FreshVolume extends AsyncDisposable {
  readonly volume: Volume
  readonly way: VolumeAccess['way']
  /** Has it stay when this is disposed of: something that is written down needs it from now on. */
  leave(): void
}

/**
 * Builds what was saved of a volume in a new one, beside the one that it is for.
 *
 * @param saved name in the snapshot
 * @param target what it is for
 * @throws what cannot be restored: nothing is left then
 */
export async function buildVolume(work: VolumeWork, saved: string, target: VolumeSpec): Promise<FreshVolume> {
  const { engine, context } = work
  await using owned = new AsyncDisposableStack()
  const { driver, options } = target
  const labels = freshLabels(target.name)
  const volume = await createVolume(engine, { name: freshVolumeName(target.name), driver, options, labels })
  owned.defer(() => removeLeft(engine, volume.name, context))
  const way = await fillVolume(work, saved, volume)
  const fresh = owned.move()
  return { volume, way, leave: () => void fresh.move(), [Symbol.asyncDispose]: () => fresh.disposeAsync() }
}

/**
 * Fills an empty volume with what was saved of one, and counts what is in it then.
 *
 * @throws {InputError} it is not what the snapshot has @throws what writing throws
 */
export async function fillVolume(work: VolumeWork, saved: string, volume: Volume): Promise<VolumeAccess['way']> {
  const { engine, point, read, context } = work
  const { way, why } = await accessTo(engine, volume, read, 'fill')
  context.log(
    `the volume ${volume.name} is filled ${way === 'direct' ? 'at its place' : 'through the Docker Engine'}: ${why}`,
  )
  if (way === 'direct') await fillDirectly(work, saved, volume)
  else await fillThroughEngine(work, saved, volume.name)
  await compare({ engine, signal: context.signal, log: context.log }, volume, way, await countPoint(point, saved))
  return way
}

/** @throws {InputError} a volume does not have what it is to have */
export async function compare(
  { engine, ...work }: HelperWork & { readonly engine: DockerEngine },
  volume: Volume,
  way: VolumeAccess['way'],
  wanted: TreeCounts,
): Promise<void> {
  const there =
    way === 'direct'
      ? { ...(await countFolder(bytePath(volume.mountpoint), work.signal)), hasLinks: false }
      : await countVolume(engine, volume.name, work)
  if (isSameCount(there, wanted, { isContentAlike: !there.hasLinks })) return
  throw new InputError(
    `in the volume ${volume.name} there are ${countText(there)} after it was filled, and not ${countText(wanted)}`,
    { hint: 'look whether something else writes to it, and at the log of the Docker Engine' },
  )
}

/** Beside its content, where the engine's own clean-up finds it too; it is read back and compared. */
async function fillDirectly({ point, context }: VolumeWork, saved: string, { mountpoint }: Volume): Promise<void> {
  const beside = join(dirname(mountpoint), 'hikae-new')
  await point.writeTo(beside, `/${VOLUMES_FOLDER}`, { only: [saved] })
  await rename(join(beside, saved), mountpoint)
  await rmdir(beside)
  await flushFileSystem(dirname(mountpoint), context.signal, context)
}
