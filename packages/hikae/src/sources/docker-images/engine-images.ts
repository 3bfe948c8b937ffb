import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { DockerError, isNotFound } from '../../docker/engine-error.ts'
import { type DockerEngine, ENDLESS } from '../../docker/engine.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import type { SourceContext } from '../source-kind.ts'
import type { DockerImagesConfig } from './config.ts'
import { repositoryOf, shortImageId } from './reference.ts'

/** An image as the engine lists it. */
export interface ListedImage {
  /** `sha256:…`, of its configuration. */
  readonly id: string
  /** `app:1` */
  readonly tags: readonly string[]
  /** `app@sha256:…`: what a registry knows it by. */
  readonly digests: readonly string[]
}

/** What an engine knows of one image. */
export interface ImageDetails extends ListedImage {
  /** `sha256:…` of each layer's archive, the lowest first; one may occur twice. */
  readonly layers: readonly string[]
  readonly architecture: string
  readonly os: string
  /** Empty when nobody knows. */
  readonly created: string
  /** Bytes unpacked. */
  readonly sizeBytes: number
}

/** @throws {DockerError} it does not answer, or keeps images in a way that cannot be saved */
export async function openImagesEngine(
  config: Pick<DockerImagesConfig, 'engine'>,
  context: Pick<SourceContext, 'folder' | 'env' | 'signal'>,
): Promise<DockerEngine> {
  await using opened = new AsyncDisposableStack()
  const engine = opened.use(await openConfiguredEngine(config, context))
  await refuseOtherStore(engine)
  opened.move()
  return engine
}

/** All of them, also those without a name. @throws {DockerError} */
export async function listImages(engine: DockerEngine): Promise<readonly ListedImage[]> {
  const listed = await engine.ask('list the images', (api) => api.listImages({ all: true }))
  return listed.map(({ Id, RepoTags, RepoDigests }) => ({ id: Id, tags: named(RepoTags), digests: named(RepoDigests) }))
}

/** @param name an id, a name or a digest @throws {DockerError} it is not there */
export async function inspectImage(engine: DockerEngine, name: string): Promise<ImageDetails> {
  const found = await engine.ask(`look at the image ${shown(name)}`, (api) => api.getImage(name).inspect())
  return {
    id: found.Id,
    tags: named(found.RepoTags),
    digests: named(found.RepoDigests),
    layers: found.RootFS.Layers ?? [],
    architecture: found.Architecture,
    os: found.Os,
    created: found.Created ?? '',
    sizeBytes: found.Size,
  }
}

/** @returns undefined when there is no such image */
export async function findImage(engine: DockerEngine, name: string): Promise<ImageDetails | undefined> {
  try {
    return await inspectImage(engine, name)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/**
 * What `docker save` of some images gives. The engine writes all of it to its own disk before the first byte comes.
 *
 * @throws {DockerError} one is not there, or the engine breaks off
 */
export async function* exportImages(
  engine: DockerEngine,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const doing = `export the image ${ids.map(shown).join(', ')}`
  signal.throwIfAborted()
  const response = await beginExport(engine, { ids, doing, signal })
  try {
    yield* response as AsyncIterable<Uint8Array>
    signal.throwIfAborted()
    if (!response.complete) throw new DockerError(`cannot ${doing}: the Docker Engine broke the connection off`)
  } catch (error) {
    signal.throwIfAborted()
    // The engine explains what is thrown inside of a question.
    await engine.ask(doing, () => Promise.reject(error as Error))
  } finally {
    response.destroy()
  }
}

/**
 * `docker load`. Gives no names: an archive without tags takes none away from another image.
 *
 * @throws what reading the archive throws @throws {DockerError} the engine refuses it, in its own words
 */
export async function loadImage(
  engine: DockerEngine,
  archive: AsyncIterable<Uint8Array>,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<void> {
  const doing = `load the image ${shown(id)}`
  let failure: { readonly error: unknown } | undefined
  async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* archive
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  const file = Readable.from(watched(), { objectMode: false })
  try {
    const load = async (api: Docker): Promise<void> => {
      const answer = await api.loadImage(file, { quiet: true, abortSignal: signal } as object)
      const refusal = refusalIn(await textOf(answer as AsyncIterable<Uint8Array>))
      if (refusal !== undefined) throw new DockerError(`cannot ${doing}: ${refusal}`)
    }
    await engine.ask(doing, load, ENDLESS)
  } catch (error) {
    signal.throwIfAborted()
    throw failure ? failure.error : error
  } finally {
    file.destroy()
  }
}

/** Gives an image a name; another one that has it loses it. @throws {DockerError} */
export async function tagImage(engine: DockerEngine, id: string, name: string): Promise<void> {
  const repo = repositoryOf(name)
  const tag = name.slice(repo.length + 1)
  await engine.ask(`name the image ${shown(id)} ${name}`, (api) => api.getImage(id).tag({ repo, tag }))
}

/**
 * Takes a name away, if it is there; an image without another one is removed, unless a container uses it.
 *
 * @throws {DockerError}
 */
export async function removeName(engine: DockerEngine, name: string): Promise<void> {
  try {
    await engine.ask(`remove the name ${name}`, (api) => api.getImage(name).remove())
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function refuseOtherStore(engine: DockerEngine): Promise<void> {
  const info = (await engine.ask('ask Docker how it stores images', (api) => api.info())) as {
    DriverStatus?: readonly (readonly [string, string])[] | null
  }
  const isContainerd = (info.DriverStatus ?? []).some(([, value]) => value === 'io.containerd.snapshotter.v1')
  if (!isContainerd) return
  throw new DockerError(
    `the Docker Engine at ${engine.address} keeps its images in containerd, which cannot be saved yet`,
    {
      hint: 'set `"features": {"containerd-snapshotter": false}` in its daemon.json, or save them with a source of the kind command: `run: [docker, save, NAME]`',
    },
  )
}

/** Images without a name have `<none>:<none>` in old answers. */
function named(names: readonly string[] | null | undefined): string[] {
  return (names ?? []).filter((name) => !name.includes('<none>'))
}

async function beginExport(
  engine: DockerEngine,
  { ids, doing, signal }: { readonly ids: readonly string[]; readonly doing: string; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  try {
    return await engine.ask(doing, (api) => dialExport(api, ids, signal))
  } catch (error) {
    if (!(error instanceof DockerError) || error.status === undefined) throw error
    const there = new Set((await listImages(engine)).map(({ id }) => id))
    const gone = ids.filter((id) => !there.has(id))
    if (gone.length === 0) throw error
    // The engine's own words are about its files.
    const reason = `${gone.map(shown).join(', ')} was removed meanwhile`
    throw new DockerError(`cannot ${doing}: ${reason}`, { hint: 'run the backup again', cause: error })
  }
}

async function dialExport(api: Docker, ids: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const options = {
    // dockerode's own `get` cannot be stopped while the engine prepares the export. The last character is dropped.
    path: `/images/get?${ids.map((id) => `names=${id}&`).join('')}`,
    method: 'GET',
    isStream: true,
    statusCodes: { 200: true, 404: 'no such image', 500: 'server error' },
    abortSignal: signal,
  }
  api.modem.dial(options, (error, answer) => (error ? reject(error) : resolve(answer as IncomingMessage)))
  return await promise
}

async function textOf(answer: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of answer) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** An answer is a document for each line, and a refusal one of them, with the status 200. */
function refusalIn(answer: string): string | undefined {
  for (const line of answer.split('\n')) {
    const error = line.includes('"error"') ? (JSON.parse(line) as { error?: unknown }).error : undefined
    if (typeof error === 'string') return error
  }
  return undefined
}

function shown(name: string): string {
  return name.startsWith('sha256:') ? shortImageId(name) : name
}
