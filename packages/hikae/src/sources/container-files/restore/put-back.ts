import { emptyFile, LONGEST_PLAIN_NAME } from '../../../archives/tar/empty-file.ts'
import { putArchive } from '../../../docker/archive/put-archive.ts'
import type { ContainerSummary } from '../../../docker/containers/container.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import { holdContainers } from '../../../docker/quiesce/hold.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage } from '../../../errors.ts'
import type { KeptCopy, ReadContext, RestorePlan } from '../../source-kind.ts'
import { bytePath, isWithin, nameOf, parentPath } from '../../swap/byte-path.ts'
import type { ContainerFilesConfig } from '../config.ts'
import { findChosenContainer } from '../../../docker/containers/find-chosen-container.ts'
import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { forgetBegun, takeRestoreLock } from './begun.ts'
import { holdingSteps } from './holding.ts'
import { type KeptFiles, keepFiles, listKept, markBegun, readKept, removeKept, sizeOfKept } from './kept-files.ts'

/** What restores have kept, newest first. */
export async function keptContainerFiles(
  config: ContainerFilesConfig,
  context: ReadContext,
): Promise<readonly KeptCopy[]> {
  return (await listKept(context)).map((kept) => ({
    time: kept.time,
    place: kept.folder,
    planUndo: (own) => planUndo(config, kept, own),
    size: () => sizeOfKept(kept),
    remove: () => removeKept(kept),
  }))
}

/**
 * Puts what was kept in the place of what is there. The engine removes nothing by itself, but an archive in which a folder is
 * an empty file first, and then the folder, makes it do so. Where something is mounted at the path or below, it is written
 * over, and what was added stays. So does a path where nothing was. Files with several names lose setuid and setgid: see
 * `putArchive`.
 */
async function putBack(
  engine: Pick<DockerEngine, 'ask'>,
  container: ContainerSummary,
  kept: KeptFiles,
  signal: AbortSignal,
): Promise<void> {
  for (const { path, archive } of kept.paths) {
    if (archive === null) continue
    const isReplaced = canReplace(path, container)
    const content = readKept(kept, archive)
    const tar = isReplaced ? emptyFileBefore(nameOf(bytePath(path)), content) : content
    const folder = parentPath(bytePath(path))
    await putArchive(engine, container.id, folder, tar, signal, { mayReplaceFolders: isReplaced })
  }
}

/**
 * Puts back what was kept, also when the work was stopped: half of a restore is worse than none.
 *
 * @param onBack called when it is all there again
 * @returns what to throw
 */
export async function undone(
  error: unknown,
  engine: DockerEngine,
  container: ContainerSummary,
  kept: KeptFiles,
  onBack: () => Promise<void>,
): Promise<unknown> {
  try {
    await putBack(engine.outlastingStops(), container, kept, new AbortController().signal)
    await onBack()
  } catch (second) {
    return new DockerError(
      `${errorMessage(error)}; and what was there could not be written back: ${errorMessage(second)}`,
      {
        hint: `it is kept in ${kept.folder}, as tar archives: write it back with \`docker cp\`, or undo the restore`,
        cause: error,
      },
    )
  }
  return error
}

function canReplace(path: string, { mounts }: ContainerSummary): boolean {
  const isMounted = mounts.some(({ destination }) => isWithin(destination, path))
  return !isMounted && nameOf(bytePath(path)).length <= LONGEST_PLAIN_NAME
}

async function* emptyFileBefore(
  name: string,
  tar: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield emptyFile(name)
  yield* tar
}

async function planUndo(config: ContainerFilesConfig, kept: KeptFiles, context: ReadContext): Promise<RestorePlan> {
  await using engine = await openConfiguredEngine(config, context)
  const container = await findChosenContainer(engine, config)
  const there = kept.paths.filter(({ archive }) => archive !== null).map(({ path }) => path)
  const absent = kept.paths.filter(({ archive }) => archive === null).map(({ path }) => path)
  return {
    steps: [
      `keep what is in ${kept.paths.map(({ path }) => path).join(', ')} of ${container.name} now, on this host`,
      ...holdingSteps(config, container),
      ...there.map((path) =>
        canReplace(path, container)
          ? `remove ${path} in ${container.name}, and write what was there before: not in one step`
          : `write what was in ${path} of ${container.name} before over what is there; what was added stays, since something is mounted there`,
      ),
      ...absent.map((path) => `${path} was not there before, and stays: Docker cannot remove it`),
    ],
    async apply(signal) {
      const within = { ...context, signal }
      await using again = await openConfiguredEngine(config, within)
      const target = await findChosenContainer(again, config)
      const paths = kept.paths.map(({ path }) => path)
      using _ = await takeRestoreLock(within)
      await using hold = await holdContainers(again, [target], config.quiesce, within)
      const now = await keepFiles(again, target, paths, within)
      await markBegun(kept, true)
      try {
        await putBack(again, target, kept, signal)
      } catch (error) {
        throw await undone(error, again, target, now, () => markBegun(kept, kept.isBegun))
      }
      await forgetBegun(paths, within, kept.time)
      await removeKept(kept)
      const { findings } = await hold.release()
      return { place: `${target.name}: ${paths.join(', ')}`, kept: now.folder, findings }
    },
  }
}
