import { ArchiveError } from '../../../archives/archive-error.ts'
import { MemberCursor } from '../../../archives/tar/member-cursor.ts'
import type { TarMember } from '../../../archives/tar/member.ts'
import { StreamBytes } from '../../../archives/tar/stream-bytes.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { exportImages } from '../engine-images.ts'
import { shortImageId } from '../reference.ts'
import { digitsOf } from './digest.ts'

const LARGEST_CONFIG = 16 * 1024 * 1024
const OLD_FOLDER = /^[0-9a-f]{64}$/

/** What has to be known of an image to export it. */
export interface ExportedImage {
  readonly id: string
  readonly tags: readonly string[]
  /** Digests, the lowest first. */
  readonly layers: readonly string[]
}

/** A layer whose turn it is in an export. */
export interface ExportedLayer {
  /** Its name in the export. */
  readonly path: string
  /** By its name; undefined when that says nothing. */
  readonly digest: string | undefined
  /** Can be read until the next layer is asked for. */
  readonly content: () => AsyncGenerator<Uint8Array, void, undefined>
}

/** What `docker save` of some images gives, from its beginning to its proven end. */
export class OpenExport implements AsyncDisposable {
  readonly #images: readonly ExportedImage[]
  readonly #bytes: StreamBytes
  readonly #cursor: MemberCursor
  readonly #digests: ReadonlySet<string>
  readonly #configNames: ReadonlyMap<string, string>
  /** Configurations by image, as they come by. */
  readonly configs = new Map<string, Buffer>()
  /** Names in an old export that stand for the layer of another name. */
  readonly links = new Map<string, string>()

  constructor(engine: DockerEngine, images: readonly ExportedImage[], signal: AbortSignal) {
    this.#images = images
    this.#bytes = new StreamBytes(
      exportImages(
        engine,
        images.map(({ id }) => id),
        signal,
      ),
    )
    this.#cursor = new MemberCursor(this.#bytes)
    this.#digests = new Set(images.flatMap(({ layers }) => layers))
    this.#configNames = new Map(images.map(({ id }) => [digitsOf(id), id]))
  }

  /** Engines before 25 put layers into folders whose names say nothing about them. Ask before the first layer. */
  async isOld(): Promise<boolean> {
    for (let next; (next = await this.#explainedOnce(() => this.#cursor.peek())); this.#cursor.take()) {
      const [first = ''] = next.path
      if (OLD_FOLDER.test(first)) return true
      const id = this.#configNames.get(first.replace(/\.json$/, ''))
      if (id === undefined) return false
      this.configs.set(id, await this.#readConfig(next.member))
    }
    return false
  }

  /** @returns undefined at the end @throws {DockerError} the export is not whole */
  async nextLayer(): Promise<ExportedLayer | undefined> {
    for (let next; (next = await this.#explainedOnce(() => this.#cursor.peek()));) {
      this.#cursor.take()
      const { member, path } = next
      const last = path.at(-1) ?? ''
      if (member.kind === 'symlink' && last === 'layer.tar') this.links.set(member.name, linkedName(member))
      if (member.kind !== 'file') continue
      const id = this.#configNames.get(last.replace(/\.json$/, ''))
      if (id !== undefined) {
        this.configs.set(id, await this.#readConfig(member))
        continue
      }
      const digest = path.map((part) => `sha256:${part.replace(/\.tar$/, '')}`).find((each) => this.#digests.has(each))
      if (digest === undefined && last !== 'layer.tar') continue
      return { path: member.name, digest, content: () => this.#explained(this.#cursor.content(member)) }
    }
    return undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#bytes.close()
  }

  async #readConfig(member: TarMember): Promise<Buffer> {
    if (member.size > LARGEST_CONFIG) throw refusal(this.#images, 'a configuration is larger than 16 MiB')
    const parts: Uint8Array[] = []
    for await (const part of this.#explained(this.#cursor.content(member))) parts.push(part)
    return Buffer.concat(parts)
  }

  async *#explained(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* content
    } catch (error) {
      throw this.#explanation(error)
    }
  }

  async #explainedOnce<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#explanation(error)
    }
  }

  #explanation(error: unknown): unknown {
    if (!(error instanceof ArchiveError)) return error
    return refusal(this.#images, `what the engine gave is not whole: ${error.message}`)
  }
}

/** Why images cannot be saved, and what to do. */
export function refusal(images: readonly ExportedImage[], reason: string): DockerError {
  const names = images.map(({ id, tags }) => [shortImageId(id), ...(tags.length === 0 ? [] : [`(${tags.join(', ')})`])])
  return new DockerError(`cannot save the image ${names.map((each) => each.join(' ')).join(', ')}: ${reason}`, {
    hint: 'try `docker save` by hand and look at the log of the engine; a damaged image has to be built or pulled anew',
  })
}

/** `../5f…/layer.tar` is another folder's. */
function linkedName({ target }: TarMember): string {
  return target.replace(/^\.\.\//, '')
}
