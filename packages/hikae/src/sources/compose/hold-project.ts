import { isAlive, listContainers } from '../../docker/containers/container.ts'
import { findLiveData, type SharedData } from '../../docker/containers/live-data.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { holdContainers } from '../../docker/quiesce/hold.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { ComposeConfig } from './config.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import type { ProjectParts } from './project-parts.ts'
import { bindsOf, writersOf } from './project-writers.ts'

/** A project whose writers hold still. Disposing of it lets them go on. */
export interface HeldProject extends AsyncDisposable {
  /** Lets them go on. @returns whatever makes what was read in between less than promised */
  release(): Promise<readonly Finding[]>
}

/**
 * Makes everything that writes to a project's files and volumes hold still, in the way of its configuration: one hold for
 * both, so that they are of one moment.
 */
export async function holdProject(
  config: ComposeConfig,
  parts: ProjectParts,
  context: ReadContext,
): Promise<HeldProject> {
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openConfiguredEngine(config, context))
  const live = await liveInFolders(engine, config, parts, context)
  const hold = owned.use(await holdContainers(engine, await writersOf(engine, parts), config.quiesce, context))
  const held = owned.move()
  return {
    async release() {
      const disturbed = config.quiesce === 'stop' ? (await writersOf(engine, parts)).filter(isAlive) : []
      const { findings } = await hold.release()
      return [...live, ...disturbed.map(({ name }) => ranMeanwhile(name)), ...findings]
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Databases whose files are in folders of the host; those in volumes are seen by the kind that reads volumes. */
async function liveInFolders(
  engine: DockerEngine,
  { quiesce, acceptLive }: ComposeConfig,
  { paths }: ProjectParts,
  { signal, log }: ReadContext,
): Promise<readonly Finding[]> {
  const users = await listContainers(engine)
  const data = paths.map((path): SharedData => ({
    name: path,
    description: path,
    users: users.filter((container) => bindsOf(container, path).length > 0),
    mountedAt: (container) => bindsOf(container, path),
    folder: path,
  }))
  const { findings, accepted } = await findLiveData(engine, { data, how: quiesce, acceptLive, signal })
  for (const line of accepted) log(line)
  for (const { severity, message } of findings) if (severity === 'warning') log(message)
  return findings.filter(({ severity }) => severity === 'error')
}

function ranMeanwhile(name: string): Finding {
  return {
    severity: 'error',
    message: `the container ${name} was started while what it writes to was copied: the copy may be of no use`,
    hint: 'look who starts it at that time, and run the job again',
  }
}
