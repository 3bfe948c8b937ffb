import type { DirectoryEntry, Entry } from '@hikae/engine'
import type { ComposeProject } from '../../docker/compose/project.ts'
import { isKnownError, type PrintableError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import { madeDirectory } from '../made-entry.ts'
import type { OpenSource, ReadContext, SourceReading } from '../source-kind.ts'
import { PROJECT_FOLDER } from './compose-facts.ts'
import type { ComposeConfig } from './config.ts'
import { type HeldProject, holdProject } from './hold-project.ts'
import { type Part, partsToRead } from './parts.ts'
import type { ProjectParts } from './project-parts.ts'

/** Parts are opened when it is their turn, so that containers are held still only while what they write to is read. */
export class OpenParts implements AsyncDisposable {
  readonly #project: ComposeProject
  readonly #parts: ProjectParts
  readonly #config: ComposeConfig
  readonly #context: ReadContext
  readonly #owned = new AsyncDisposableStack()
  readonly #opened: { readonly name: Part['name']; readonly source: OpenSource }[] = []
  readonly #findings: Finding[] = []
  #hold: HeldProject | undefined

  constructor(project: ComposeProject, parts: ProjectParts, config: ComposeConfig, context: ReadContext) {
    this.#project = project
    this.#parts = parts
    this.#config = config
    this.#context = context
  }

  async *entries(signal: AbortSignal): AsyncGenerator<Entry, void, undefined> {
    for (const part of partsToRead(this.#parts, this.#heldConfig())) {
      if (part.name !== 'images') {
        this.#hold ??= this.#owned.use(await holdProject(this.#config, this.#parts, this.#context))
      }
      const source = await this.#open(part)
      if (source === undefined) continue
      this.#opened.push({ name: part.name, source })
      if (part.name === 'files') yield inProjectFolder(source.root)
      else yield* source.root.children(signal)
    }
  }

  /** Whatever writes is held already when volumes are opened. */
  #heldConfig(): ComposeConfig {
    const { quiesce, acceptLive } = this.#config
    const isTold = typeof quiesce === 'object'
    const told = isTold ? this.#project.containers.map(({ name }) => name) : []
    return { ...this.#config, quiesce: 'none', acceptLive: [...acceptLive, ...told] }
  }

  /** Images that cannot be had keep nobody from saving the rest, which cannot be built again. */
  async #open({ name, kind, config }: Part): Promise<OpenSource | undefined> {
    try {
      return this.#owned.use(await kind.open(config, this.#context))
    } catch (error) {
      this.#context.signal.throwIfAborted()
      if (name !== 'images' || !isKnownError(error)) throw error
      this.#findings.push(withoutImages(error))
      return undefined
    }
  }

  /** The last first: somebody may wait for it. */
  async finish(): Promise<{ readings: Map<Part['name'], SourceReading>; findings: readonly Finding[] }> {
    const readings = new Map<Part['name'], SourceReading>()
    for (const { name, source } of this.#opened.toReversed()) {
      if (name === 'images') this.#findings.push(...((await this.#hold?.release()) ?? []))
      readings.set(name, await source.finish())
    }
    this.#findings.push(...(readings.has('images') ? [] : ((await this.#hold?.release()) ?? [])))
    return { readings, findings: this.#findings }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync()
  }
}

function withoutImages({ message, hint }: PrintableError): Finding {
  const next = hint === undefined ? '' : `${hint}; `
  return {
    severity: 'error',
    message: `the images of the project are not saved: ${message}`,
    hint: `${next}or leave them out with \`images: false\``,
  }
}

function inProjectFolder(root: DirectoryEntry): DirectoryEntry {
  return madeDirectory(PROJECT_FOLDER, (signal) => root.children(signal), { timeNs: 0n })
}
