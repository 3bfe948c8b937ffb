import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { TreeCounts } from '../counted-tree.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { bytePath } from '../swap/byte-path.ts'
import type { DockerVolumesConfig } from './config.ts'
import { countFolder } from './count-folder.ts'
import { countPoint, countText, isSameCount } from './count-point.ts'
import { type SavedVolume, VOLUMES_FOLDER, volumesFacts } from './volume-facts.ts'

/**
 * Restores one volume after the other into a scratch folder, where it is read back and compared, and counts what came. Asks no
 * Docker Engine for anything.
 */
export async function verifyVolumes(
  _config: DockerVolumesConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const folder = join(await context.scratchFolder(), 'restored')
  try {
    for (const volume of volumesFacts(point).volumes) {
      try {
        await point.writeTo(folder, `/${VOLUMES_FOLDER}`, { only: [volume.name] })
        const restored = await countFolder(bytePath(join(folder, volume.name)), context.signal)
        findings.push(...compare(volume, restored, await countPoint(point, volume.name)))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    findings.push({ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) })
  }
  return findings
}

/** What a container was writing meanwhile may have grown or vanished after it was found. */
function compare(volume: SavedVolume, restored: TreeCounts, listed: TreeCounts): Finding[] {
  const { name, isStill, read } = volume
  if (!isSameCount(restored, listed)) {
    const message = `of the volume ${name}, ${countText(restored)} came back, but the snapshot has ${countText(listed)}`
    return [{ severity: 'error', message, hint: 'run `hikae check --read-data` on the repository' }]
  }
  const isLost = listed.files + listed.others === 0 && volume.files + volume.others > 0
  // In an archive, the content of a file with several names comes once.
  const isContentAlike = read === 'direct'
  const isWhole = isStill ? isSameCount(listed, volume, { isContentAlike }) : hasAsMany(listed, volume)
  if (isWhole && !isLost) return []
  const message = `of the volume ${name}, the snapshot has ${countText(listed)}, but ${countText(volume)} were found when it was made`
  const hint = isStill
    ? 'somebody changed it while it was saved, or could read not all of it, as the log of the run says; or the snapshot was changed since'
    : 'files came and went while it was saved: `quiesce: stop` makes the copy consistent'
  return [{ severity: isLost ? 'error' : 'warning', message, hint }]
}

function hasAsMany(listed: TreeCounts, found: TreeCounts): boolean {
  return (['files', 'directories', 'others'] as const).every((what) => listed[what] >= found[what])
}
