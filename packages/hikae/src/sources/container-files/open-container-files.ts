import type { Entry } from '@hikae/engine'
import { openArchiveEntry } from '../../docker/archive/open-archive.ts'
import type { ContainerSummary } from '../../docker/containers/container.ts'
import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { holdContainers } from '../../docker/quiesce/hold.ts'
import type { Finding } from '../finding.ts'
import type { OpenSource, ReadContext } from '../source-kind.ts'
import { bytePath } from '../swap/byte-path.ts'
import type { ContainerFilesConfig } from './config.ts'
import type { ContainerFacts, SavedPath } from './container-facts.ts'
import { findContainerPaths } from './find-paths.ts'
import { findChosenContainer } from '../../docker/containers/find-chosen-container.ts'
import { findLivePaths } from './live-paths.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { settleContainerFiles } from './settle-container-files.ts'
import { savedTree } from './saved-tree.ts'

/** Paths of a container, running or not, held still as the configuration says until the last byte is read. */
export async function openContainerFiles(config: ContainerFilesConfig, context: ReadContext): Promise<OpenSource> {
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openConfiguredEngine(config, context))
  for (const { message } of await settleContainerFiles(context)) context.log(message)
  const container = await findChosenContainer(engine, config)
  const { paths, findings, remarks } = await findContainerPaths(engine, container, config.paths, context.signal)
  if (paths.length === 0) throw nothingThere(container, findings)
  for (const remark of remarks) context.log(remark)
  const { findings: live, accepted } = await findLivePaths(engine, container, paths, config, context.signal)
  const inUse = live.filter(({ severity }) => severity === 'error')
  for (const line of accepted) context.log(line)
  for (const { severity, message } of live) if (severity === 'warning') context.log(message)
  const hold = owned.use(await holdContainers(engine, [container], config.quiesce, context))
  const saved: SavedPath[] = []
  const held = owned.move()
  return {
    paths,
    root: savedTree(paths, (path, signal) => readPath(engine, container, path, saved, signal)),
    async finish() {
      if (saved.length < paths.length) throw new Error(`the files of ${container.name} were not read to their end`)
      const release = await hold.release()
      const facts: ContainerFacts = {
        engine: engine.version,
        container: identityOf(container),
        paths: saved,
        quiesce: typeof config.quiesce === 'string' ? config.quiesce : 'exec',
        ...(hold.containers.length === 0 ? {} : { heldSeconds: release.seconds }),
      }
      return {
        facts: { ...facts },
        findings: [...findings, ...inUse, ...release.findings],
        isEmpty: saved.every(({ files, others }) => files + others === 0),
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** The engine answers nothing else about the container until this has ended. */
async function* readPath(
  engine: DockerEngine,
  { id }: ContainerSummary,
  path: string,
  saved: SavedPath[],
  signal: AbortSignal,
): AsyncGenerator<Entry, void, undefined> {
  await using archive = await openArchiveEntry(engine, id, bytePath(path), signal)
  const { entry } = archive
  if (entry.kind === 'unreadable') throw entry.error
  yield entry
  const { uid, gid, mode } = entry.metadata
  saved.push({
    path,
    type: entry.kind === 'directory' || entry.kind === 'file' || entry.kind === 'symlink' ? entry.kind : 'other',
    ...{ uid, gid, mode: (mode & 0o7777).toString(8) },
    ...(await archive.finish()),
  })
}

function identityOf({ id, name, image, imageId }: ContainerSummary): ContainerFacts['container'] {
  return { id, name, image, imageId }
}

function nothingThere({ name }: ContainerSummary, findings: readonly Finding[]): DockerError {
  const what = findings.map(({ message }) => message).join('; ')
  const hint = findings[0]?.hint
  return new DockerError(`nothing can be saved of the container ${name}: ${what}`, {
    ...(hint === undefined ? {} : { hint }),
  })
}
