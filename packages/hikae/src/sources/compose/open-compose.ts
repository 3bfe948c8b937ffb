import { type DirectoryEntry, type Entry } from '@hikae/engine'
import { findProject, type ComposeProject } from '../../docker/compose/project.ts'
import { isAlive } from '../../docker/containers/container.ts'
import { COMPOSE_LABELS } from '../../docker/compose/project.ts'
import { engineAddress } from '../../docker/engine-schema.ts'
import { type DockerEngine, openEngine } from '../../docker/engine.ts'
import { listVolumes } from '../docker-volumes/volume.ts'
import type { Finding } from '../finding.ts'
import { madeDirectory } from '../made-entry.ts'
import type { OpenSource, ReadContext, SourceContext, SourceReading } from '../source-kind.ts'
import { type ComposeFacts, PROJECT_FOLDER } from './compose-facts.ts'
import type { ComposeConfig } from './config.ts'
import { type Part, partsToRead } from './parts.ts'
import { partsOf, type ProjectParts } from './project-parts.ts'
import { projectChoice } from './project-choice.ts'

/** A project as it is now: its files, images and volumes, each read by its own kind. */
export async function openCompose(config: ComposeConfig, context: ReadContext): Promise<OpenSource> {
  const { project, parts } = await lookAtProject(config, context)
  const opened = new OpenParts(partsToRead(parts, config), context)
  return {
    paths: [
      ...parts.paths.map((path) => `/${PROJECT_FOLDER}${path}`),
      ...(parts.images.length > 0 ? ['/images'] : []),
      ...parts.volumes.map((name) => `/volumes/${name}`),
    ],
    excludes: config.exclude,
    root: madeDirectory('', (signal) => opened.entries(signal), { timeNs: 0n }),
    finish: async () => readingOf(project, await opened.finish(), parts.findings),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

export interface ProjectNow {
  readonly project: ComposeProject
  readonly parts: ProjectParts
}

/** @throws {InputError} there is no such project @throws {DockerError} */
export async function lookAtProject(config: ComposeConfig, context: SourceContext): Promise<ProjectNow> {
  await using engine = await engineOf(config, context)
  const project = await findProject(engine, projectChoice(config, context.folder), context.env)
  return { project, parts: await partsOf(project, await listVolumes(engine), config) }
}

export async function engineOf(
  { engine }: Pick<ComposeConfig, 'engine'>,
  context: SourceContext,
): Promise<DockerEngine> {
  return await openEngine(engineAddress(engine, context), context.env, context.signal)
}

/** Parts are opened when it is their turn, so that containers are held still only while their volumes are read. */
class OpenParts implements AsyncDisposable {
  readonly #parts: readonly Part[]
  readonly #context: ReadContext
  readonly #owned = new AsyncDisposableStack()
  readonly #opened: { readonly name: Part['name']; readonly source: OpenSource }[] = []

  constructor(parts: readonly Part[], context: ReadContext) {
    this.#parts = parts
    this.#context = context
  }

  async *entries(signal: AbortSignal): AsyncGenerator<Entry, void, undefined> {
    for (const { name, kind, config } of this.#parts) {
      const source = this.#owned.use(await kind.open(config, this.#context))
      this.#opened.push({ name, source })
      if (name === 'files') yield inProjectFolder(source.root)
      else yield* source.root.children(signal)
    }
  }

  /** The last first: somebody may wait for it. */
  async finish(): Promise<Map<Part['name'], SourceReading>> {
    const readings = new Map<Part['name'], SourceReading>()
    for (const { name, source } of this.#opened.toReversed()) readings.set(name, await source.finish())
    return readings
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync()
  }
}

function inProjectFolder(root: DirectoryEntry): DirectoryEntry {
  return madeDirectory(PROJECT_FOLDER, (signal) => root.children(signal), { timeNs: 0n })
}

function readingOf(
  { name, folder, composeFiles, files, containers }: ComposeProject,
  readings: ReadonlyMap<Part['name'], SourceReading>,
  findings: readonly Finding[],
): SourceReading {
  const facts: ComposeFacts = {
    project: {
      ...{ name, folder, composeFiles: [...composeFiles] },
      services: [...files.services],
      volumes: [...files.volumes],
      running: [
        ...new Set(containers.filter(isAlive).map(({ labels }) => labels[COMPOSE_LABELS.service] ?? '')),
      ].toSorted(),
    },
    parts: {
      files: readings.get('files')!.facts,
      ...Object.fromEntries([...readings].map(([part, reading]) => [part, reading.facts])),
    },
  }
  const all = [...readings.values()]
  return {
    facts: { ...facts },
    findings: [...findings, ...all.flatMap((reading) => reading.findings)],
    isEmpty: all.every(({ isEmpty }) => isEmpty),
  }
}
