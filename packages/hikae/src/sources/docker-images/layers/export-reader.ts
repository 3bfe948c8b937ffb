import type { DockerEngine } from '../../../docker/engine.ts'
import { shortImageId } from '../reference.ts'
import { layersInConfig } from './config-layers.ts'
import { type Digested, digested, digestOf } from './digest.ts'
import type { KnownImage, LayerSizes } from './known-images.ts'
import { type ExportedImage, type ExportedLayer, OpenExport, refusal } from './open-export.ts'
import { separateLayer } from './separate-layer.ts'

export interface ExportReaderOptions {
  /** Digests of layers by their names in an old export, as far as an earlier run found them out. */
  readonly paths?: ReadonlyMap<string, string>
  /** Of all layers that are known; what is found out is added. */
  readonly sizes: Map<string, LayerSizes>
  readonly signal: AbortSignal
}

/** A layer that can be read until the next one is asked for. */
export interface ReadableLayer {
  readonly digest: string
  /** @throws {DockerError} at its end, when it is not what its digest says */
  readonly read: () => AsyncGenerator<Uint8Array, void, undefined>
}

/**
 * Reads images that are exported together, with as few exports as it can. An engine before 25 does not say which layer is
 * which: the first time, it has to export them once more, for that to be found out by their digests.
 */
export class ExportReader implements AsyncDisposable {
  readonly #engine: DockerEngine
  readonly #images: readonly ExportedImage[]
  readonly #options: ExportReaderOptions
  readonly #digests: ReadonlySet<string>
  readonly #paths: Map<string, string>
  readonly #configs = new Map<string, Buffer>()
  #open: OpenExport | undefined

  constructor(engine: DockerEngine, images: readonly ExportedImage[], options: ExportReaderOptions) {
    this.#engine = engine
    this.#images = images
    this.#options = options
    this.#digests = new Set(images.flatMap(({ layers }) => layers))
    this.#paths = new Map(options.paths)
  }

  /** All layers, each once, as the engine gives them. @throws {DockerError} one of them is missing or damaged */
  async *layers(): AsyncGenerator<ReadableLayer, void, undefined> {
    await this.#begin()
    const missing = new Set(this.#digests)
    for (let next; (next = await this.#nextLayer());) {
      missing.delete(next.digest)
      yield next
    }
    const [first] = missing
    if (first !== undefined) throw this.#refusal(`the engine gave no layer ${shortImageId(first)}`)
  }

  /**
   * The archive of one layer. Cheap when layers are asked for in the order in which the engine gives them.
   *
   * @throws {DockerError} it is not what its digest says, or the engine does not give it
   */
  async *layer(digest: string): AsyncGenerator<Uint8Array, void, undefined> {
    let found = this.#open && (await this.#seek(digest))
    if (!found) {
      await this.#begin()
      found = await this.#seek(digest)
    }
    if (!found) throw this.#refusal(`the engine gave no layer ${shortImageId(digest)}`)
    yield* found.read()
  }

  /**
   * What is known of the images now, for the next run. Reads an export that was begun to its end, so that a broken one is
   * noticed; exports them when nothing was read.
   *
   * @param order of layers, as they were given
   * @throws {DockerError} a configuration is not what the image's id says, or names other layers
   */
  async known(order: readonly string[]): Promise<ReadonlyMap<string, KnownImage>> {
    this.#open ??= new OpenExport(this.#engine, this.#images, this.#options.signal)
    while (await this.#open.nextLayer());
    await this.#close()
    return new Map(this.#images.map((image) => [image.id, this.#knownOf(image, order)]))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  #knownOf(image: ExportedImage, order: readonly string[]): KnownImage {
    const has = new Set(image.layers)
    return {
      config: this.#configOf(image),
      order: order.filter((digest) => has.has(digest)),
      paths: new Map([...this.#paths].filter(([, digest]) => has.has(digest))),
    }
  }

  #configOf({ id, layers }: ExportedImage): Buffer {
    const config = this.#configs.get(id)
    if (!config) throw this.#refusal('the engine gave no configuration')
    if (digestOf(config) !== id)
      throw this.#refusal(`the configuration is damaged: it has the digest ${digestOf(config)}`)
    if (layersInConfig(config).join() === layers.join()) return config
    throw this.#refusal('the configuration names other layers than the engine')
  }

  async #begin(): Promise<void> {
    let open = await this.#reopen()
    if (!(await open.isOld()) || this.#knowsPaths()) return
    for (let next; (next = await open.nextLayer());) await this.#learn(next)
    for (const [name, target] of open.links) {
      const digest = this.#paths.get(target)
      if (digest !== undefined) this.#paths.set(name, digest)
    }
    open = await this.#reopen()
  }

  async #reopen(): Promise<OpenExport> {
    await this.#close()
    return (this.#open = new OpenExport(this.#engine, this.#images, this.#options.signal))
  }

  #knowsPaths(): boolean {
    const known = new Set(this.#paths.values())
    return [...this.#digests].every((digest) => known.has(digest))
  }

  async #learn({ path, content }: ExportedLayer): Promise<void> {
    const archive = digested(content())
    const sizes = await measure(archive)
    const digest = archive.digest()
    if (!this.#digests.has(digest)) throw this.#refusal(`a layer is damaged: it has the digest ${digest}`)
    this.#options.sizes.set(digest, sizes)
    this.#paths.set(path, digest)
  }

  async #seek(digest: string): Promise<ReadableLayer | undefined> {
    for (let next; (next = await this.#nextLayer());) if (next.digest === digest) return next
    return undefined
  }

  async #nextLayer(): Promise<ReadableLayer | undefined> {
    for (let next; (next = await this.#open!.nextLayer());) {
      const digest = next.digest ?? this.#paths.get(next.path)
      if (digest === undefined) continue
      const { content } = next
      return { digest, read: () => this.#verified(digest, content()) }
    }
    return undefined
  }

  async *#verified(digest: string, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const archive = digested(content)
    yield* archive
    if (archive.digest() === digest) return
    throw this.#refusal(`the layer ${shortImageId(digest)} is damaged: it has the digest ${archive.digest()}`)
  }

  async #close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    for (const [id, config] of open?.configs ?? []) this.#configs.set(id, config)
    await open?.[Symbol.asyncDispose]()
  }

  #refusal(reason: string): Error {
    return refusal(this.#images, reason)
  }
}

async function measure(archive: Digested): Promise<LayerSizes> {
  let headerBytes = 0
  let contentBytes = 0
  const contents = separateLayer(archive, async (frame) => void (headerBytes += frame.length))
  for await (const part of contents) contentBytes += part.length
  return { archiveBytes: archive.bytes, contentBytes, headerBytes }
}
