import { ArchiveError } from '../../../archives/archive-error.ts'
import { MemberCursor } from '../../../archives/tar/member-cursor.ts'
import type { TarMember } from '../../../archives/tar/member.ts'
import { StreamBytes } from '../../../archives/tar/stream-bytes.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { exportImage } from '../engine-images.ts'
import { shortImageId } from '../reference.ts'
import { layersInConfig } from './config-layers.ts'
import { type Digested, digested, digestOf, digitsOf } from './digest.ts'
import type { KnownImage, LayerSizes } from './known-images.ts'
import { separateLayer } from './separate-layer.ts'

const LARGEST_CONFIG = 16 * 1024 * 1024
const OLD_FOLDER = /^[0-9a-f]{64}$/

export interface ExportedImage {
  readonly id: string
  readonly tags: readonly string[]
  readonly layers: readonly string[]
}

export interface ImageReaderOptions {
  /** What an earlier run found out about this image. */
  readonly known: KnownImage | undefined
  /** Of all layers that are known; what is found out is added. */
  readonly sizes: Map<string, LayerSizes>
  readonly signal: AbortSignal
}

interface OpenExport {
  readonly bytes: StreamBytes
  readonly cursor: MemberCursor
  /** Engines before 25 put layers into folders whose names say nothing about them. */
  readonly isOld: boolean
}

/**
 * Reads an image through exports of it, of which it begins as few as it can: none when nothing of the image is asked for, one
 * when layers are asked for in {@link ImageReader.order}. An engine before 25 does not say which layer is which; of an image
 * that is not known, it has to export all of it once more, for that to be found out by their digests.
 */
export class ImageReader implements AsyncDisposable {
  readonly #engine: DockerEngine
  readonly #image: ExportedImage
  readonly #options: ImageReaderOptions
  readonly #layers: ReadonlySet<string>
  /** Where layers are in an old export. */
  readonly #paths: Map<string, string>
  #order: readonly string[] | undefined
  #config: Buffer | undefined
  #open: OpenExport | undefined

  constructor(engine: DockerEngine, image: ExportedImage, options: ImageReaderOptions) {
    this.#engine = engine
    this.#image = image
    this.#options = options
    this.#layers = new Set(image.layers)
    this.#paths = new Map(options.known?.paths)
    this.#order = options.known?.order
    this.#config = options.known?.config
  }

  /** The layers, each once, in the order in which the engine gives them. @throws {DockerError} */
  async order(): Promise<readonly string[]> {
    if (this.#order) return this.#order
    const { isOld } = await this.#begin()
    if (isOld) await this.#learn()
    return (this.#order ??= [...this.#layers].toSorted())
  }

  /**
   * The archive of a layer.
   *
   * @throws {DockerError} it is not what its digest says, or the engine does not give it
   */
  async *layer(digest: string): AsyncGenerator<Uint8Array, void, undefined> {
    const { cursor, member } = await this.#find(digest)
    const content = digested(cursor.content(member))
    yield* this.#explained(content)
    if (content.digest() !== digest) {
      throw this.#refusal(`its layer ${shortImageId(digest)} is damaged: what the engine gave is ${content.digest()}`)
    }
  }

  /**
   * The configuration, whose digest is the image's id. Reads what is left of an export to its end, so that a broken one is
   * noticed.
   *
   * @throws {DockerError} it is not what the id says, or names other layers
   */
  async config(): Promise<Buffer> {
    if (!this.#config && !this.#open) await this.#begin()
    while (this.#open && (await this.#nextLayer(this.#open)));
    await this.#close()
    if (!this.#config) throw this.#refusal('the engine gave it without its configuration')
    if (digestOf(this.#config) !== this.#image.id) {
      throw this.#refusal(`its configuration is damaged: what the engine gave is ${digestOf(this.#config)}`)
    }
    if (layersInConfig(this.#config).join() !== this.#image.layers.join()) {
      throw this.#refusal('its configuration names other layers than the engine')
    }
    return this.#config
  }

  /** For the next run. Call it last. */
  async known(): Promise<KnownImage> {
    return { config: await this.config(), order: this.#order ?? [...this.#layers].toSorted(), paths: this.#paths }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  async #find(digest: string): Promise<{ cursor: MemberCursor; member: TarMember }> {
    const found = this.#open && (await this.#seek(this.#open, digest))
    if (found) return found
    let open = await this.#begin()
    if (open.isOld && ![...this.#paths.values()].includes(digest)) {
      await this.#learn()
      open = await this.#begin()
    }
    const again = await this.#seek(open, digest)
    if (again) return again
    throw this.#refusal(`the engine gave it without its layer ${shortImageId(digest)}`)
  }

  async #seek(open: OpenExport, digest: string): Promise<{ cursor: MemberCursor; member: TarMember } | undefined> {
    for (let next; (next = await this.#nextLayer(open));) {
      if (next.digest === digest) return { cursor: open.cursor, member: next.member }
    }
    return undefined
  }

  async #begin(): Promise<OpenExport> {
    await this.#close()
    const bytes = new StreamBytes(exportImage(this.#engine, this.#image.id, this.#options.signal))
    const cursor = new MemberCursor(bytes)
    this.#open = { bytes, cursor, isOld: false }
    this.#open = { bytes, cursor, isOld: await this.#isOld(cursor) }
    return this.#open
  }

  /** Looks at the first names. */
  async #isOld(cursor: MemberCursor): Promise<boolean> {
    for (let next; (next = await this.#explainedOnce(() => cursor.peek())); cursor.take()) {
      if (OLD_FOLDER.test(next.path[0] ?? '')) return true
      if (!this.#isConfig(next.path)) return false
      this.#config ??= await this.#readConfig(cursor, next.member)
    }
    return false
  }

  /** Reads the open export to its end, and finds out by their digests which layer is where. */
  async #learn(): Promise<void> {
    const order: string[] = []
    const { cursor } = this.#open!
    for (let next; (next = await this.#nextLayer(this.#open!));) {
      const archive = digested(cursor.content(next.member))
      const sizes = await this.#explainedOnce(() => measure(archive))
      const digest = archive.digest()
      if (!this.#layers.has(digest)) {
        throw this.#refusal(`a layer of it is damaged: what the engine gave is ${digest}, and it has none like that`)
      }
      this.#options.sizes.set(digest, sizes)
      this.#paths.set(next.member.name, digest)
      order.push(digest)
    }
    this.#order = order
    await this.#close()
  }

  async #nextLayer({ cursor }: OpenExport): Promise<{ digest: string | undefined; member: TarMember } | undefined> {
    for (let next; (next = await this.#explainedOnce(() => cursor.peek()));) {
      cursor.take()
      const { member, path } = next
      if (member.kind !== 'file') continue
      if (this.#isConfig(path)) {
        this.#config ??= await this.#readConfig(cursor, member)
        continue
      }
      const digest = this.#digestAt(path) ?? this.#paths.get(member.name)
      if (digest !== undefined || path.at(-1) === 'layer.tar') return { digest, member }
    }
    return undefined
  }

  #digestAt(path: readonly string[]): string | undefined {
    return path.map((part) => `sha256:${part.replace(/\.tar$/, '')}`).find((digest) => this.#layers.has(digest))
  }

  #isConfig(path: readonly string[]): boolean {
    return path.at(-1)?.replace(/\.json$/, '') === digitsOf(this.#image.id)
  }

  async #readConfig(cursor: MemberCursor, member: TarMember): Promise<Buffer> {
    if (member.size > LARGEST_CONFIG) throw this.#refusal('its configuration is larger than 16 MiB')
    const parts: Uint8Array[] = []
    for await (const part of this.#explained(cursor.content(member))) parts.push(part)
    return Buffer.concat(parts)
  }

  async #close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.bytes.close()
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
    return error instanceof ArchiveError ? this.#refusal(`what the engine gave is not whole: ${error.message}`) : error
  }

  #refusal(reason: string): DockerError {
    const { id, tags } = this.#image
    const names = tags.length === 0 ? '' : ` (${tags.join(', ')})`
    return new DockerError(`cannot save the image ${shortImageId(id)}${names}: ${reason}`, {
      hint: 'try `docker save` by hand and look at the log of the engine; a damaged image has to be built or pulled anew',
    })
  }
}

async function measure(archive: Digested): Promise<LayerSizes> {
  let headerBytes = 0
  let contentBytes = 0
  const contents = separateLayer(archive, async (frame) => void (headerBytes += frame.length))
  for await (const part of contents) contentBytes += part.length
  return { archiveBytes: archive.bytes, contentBytes, headerBytes }
}
