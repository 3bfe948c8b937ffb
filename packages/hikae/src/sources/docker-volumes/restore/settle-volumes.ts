import { createHash } from 'node:crypto'
import { removeLeftHelpers } from '../../../docker/archive/left-helpers.ts'
import { isMadeByEnded } from '../../../docker/made-by.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { containerLocks, takeLock } from '../../../docker/quiesce/container-lock.ts'
import { errorMessage, isKnownError, systemCode } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { SourceContext } from '../../source-kind.ts'
import { findVolume, listVolumes, removeVolume, type Volume } from '../volume.ts'
import { finishFilling } from './replace-content.ts'
import { settleExchanges } from './settle-exchange.ts'
import { finished, removed, stuck, undecided } from './settle-findings.ts'
import { hasContent, isEmptyContent, moveContent, syncContents } from './volume-content.ts'
import { LABELS } from './volume-labels.ts'

/**
 * Ends what killed restores of volumes have left, of whichever source: what they had begun to replace is replaced, what they
 * had not is left as it is, and what they built is removed. What belongs to a process that goes on, or to another
 * machine, is left alone. Of several processes that want to, one does it, and the others wait for it.
 *
 * @returns what was found and done
 */
export async function settleVolumes(
  engine: DockerEngine,
  context: Pick<SourceContext, 'env' | 'signal'>,
): Promise<readonly Finding[]> {
  const { env, signal } = context
  const name = `volumes-${createHash('sha256')
    .update(await engine.id())
    .digest('hex')
    .slice(0, 16)}`
  using _ = await takeLock(containerLocks(env), name, { signal, onBusy: () => undefined })
  // A volume that a container has cannot be removed.
  await removeLeftHelpers(engine)
  const { findings, pending } = await settleExchanges(engine, context)
  return [...findings, ...(await settleSingly(engine, pending, signal))]
}

const MARKS = [LABELS.filling, LABELS.kept, LABELS.fresh] as const

type Mark = (typeof MARKS)[number]

/** @param pending volumes that are part of an exchange */
async function settleSingly(
  engine: DockerEngine,
  pending: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const mark of MARKS) {
    // Anew each time: what is done for one mark removes volumes with another.
    for (const volume of (await listVolumes(engine)).filter((each) => isLeft(each, mark))) {
      if (pending.has(volume.name) || pending.has(volume.labels[LABELS.from] ?? '')) continue
      try {
        findings.push(...(await settleOne(engine, volume, mark, signal)))
      } catch (error) {
        signal.throwIfAborted()
        if (!isKnownError(error) && systemCode(error) === undefined) throw error
        findings.push(stuck(volume.name, errorMessage(error)))
      }
    }
  }
  return findings
}

function isLeft({ labels }: Volume, mark: Mark): boolean {
  return labels[mark] !== undefined && isMadeByEnded(labels[LABELS.by] ?? '')
}

async function settleOne(engine: DockerEngine, volume: Volume, mark: Mark, signal: AbortSignal): Promise<Finding[]> {
  switch (mark) {
    case LABELS.filling:
      return await finishFilling(engine, volume, signal)
    case LABELS.kept:
      return await settleKept(engine, volume)
    case LABELS.fresh:
      // It may be all that there is of what was restored, where a person has to decide.
      if ((await listVolumes(engine)).some(({ labels }) => labels[LABELS.from] === volume.name)) return []
      await removeVolume(engine, volume.name)
      return [removed(volume.labels[LABELS.fresh]!, volume.name)]
  }
}

/** What was to keep the content of a volume, and does not say in which exchange: see `prepareSwap` for how far it came. */
async function settleKept(engine: DockerEngine, kept: Volume): Promise<Finding[]> {
  const name = kept.labels[LABELS.kept]!
  const from = kept.labels[LABELS.from]
  const fresh = from === undefined ? undefined : await findVolume(engine, from)
  if (!fresh) return []
  if (kept.labels[LABELS.copied] !== undefined) return await removeCopy(engine, kept, fresh)
  const live = await findVolume(engine, name)
  if (!(await hasContent(fresh))) {
    await removeVolume(engine, fresh.name)
    return [finished([name], [kept.name])]
  }
  if (live && !(await hasContent(live))) {
    await moveContent(fresh, live)
    await syncContents(live, fresh)
    await removeVolume(engine, fresh.name)
    return [finished([name], [kept.name])]
  }
  return await removeUnused(engine, name, kept, fresh)
}

/** Nothing was replaced: what was made to keep it is empty. */
async function removeUnused(engine: DockerEngine, name: string, kept: Volume, fresh: Volume): Promise<Finding[]> {
  if (!(await isEmptyContent(kept))) return [undecided(name, kept.name, fresh.name)]
  await removeVolume(engine, kept.name)
  return []
}

/** It was to become a copy, and nothing was replaced before it was one. */
async function removeCopy(engine: DockerEngine, kept: Volume, fresh: Volume): Promise<Finding[]> {
  if (!isMadeByEnded(fresh.labels[LABELS.by] ?? '')) return []
  await removeVolume(engine, kept.name)
  return []
}
