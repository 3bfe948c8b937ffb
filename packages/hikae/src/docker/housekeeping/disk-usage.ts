import { z } from 'zod'
import { type DockerEngine, ENDLESS } from '../engine.ts'

/** What things of one sort take on an engine's disk. */
export interface SpaceUse {
  readonly count: number
  /** Of these. */
  readonly inUse: number
  /** Of those whose size the engine knows; undefined when it knows none. */
  readonly bytes: number | undefined
  /** What removing all that is not in use frees, at least. */
  readonly freeableBytes: number | undefined
  /** How many have a size that the engine does not know. */
  readonly unknown: number
}

/** What takes space on the disk of a Docker Engine, as the engine counts it. */
export interface DiskUsage {
  readonly images: SpaceUse
  /** What containers have written beside their volumes. */
  readonly containers: SpaceUse
  readonly volumes: SpaceUse
  readonly buildCache: SpaceUse
  /** By name, as far as the engine knows it. */
  readonly volumeBytes: ReadonlyMap<string, number>
}

/** The engine looks at every file of each volume for it. @throws {DockerError} */
export async function readDiskUsage(engine: Pick<DockerEngine, 'ask'>): Promise<DiskUsage> {
  return diskUsageOf(await engine.ask('measure what takes space', (api) => api.df(), ENDLESS))
}

/** -1 stands for what the engine does not know, and so does nothing. */
const bytes = z.number().nullish().transform(knownBytes)
const alive = ['running', 'paused', 'restarting']

function knownBytes(said: number | null | undefined): number | undefined {
  return typeof said !== 'number' || said < 0 ? undefined : said
}

/** Without things of a sort, some engines say null, and some nothing. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((list) => list ?? [])
}

const answer = z.object({
  LayersSize: bytes,
  Images: listOf(z.object({ Size: bytes, SharedSize: bytes, Containers: z.number() })),
  Containers: listOf(z.object({ State: z.string(), SizeRw: z.number().default(0).transform(knownBytes) })),
  Volumes: listOf(z.object({ Name: z.string(), UsageData: z.object({ Size: bytes, RefCount: z.number() }).nullish() })),
  BuildCache: listOf(z.object({ Size: bytes, InUse: z.boolean(), Shared: z.boolean() })),
})

/** @param given what the engine answers to `GET /system/df` */
export function diskUsageOf(given: unknown): DiskUsage {
  const { LayersSize, Images, Containers, Volumes, BuildCache } = answer.parse(given)
  const volumes = Volumes.map(({ Name, UsageData }) => ({ name: Name, bytes: UsageData?.Size, data: UsageData }))
  const images = spaceUse(
    // What an image shares with others stays as long as one of them does.
    Images.map(({ Size, SharedSize, Containers }) => ({
      bytes: Size === undefined || SharedSize === undefined ? undefined : Size - SharedSize,
      isInUse: Containers > 0,
    })),
  )
  return {
    images: {
      ...images,
      bytes: LayersSize ?? images.bytes,
      freeableBytes: images.inUse === 0 ? (LayersSize ?? images.freeableBytes) : images.freeableBytes,
    },
    containers: spaceUse(Containers.map(({ State, SizeRw }) => ({ bytes: SizeRw, isInUse: alive.includes(State) }))),
    volumes: spaceUse(volumes.map(({ bytes, data }) => ({ bytes, isInUse: (data?.RefCount ?? 1) !== 0 }))),
    buildCache: spaceUse(
      BuildCache.filter(({ Shared }) => !Shared).map(({ Size, InUse }) => ({ bytes: Size, isInUse: InUse })),
    ),
    volumeBytes: new Map(volumes.flatMap(({ name, bytes }) => (bytes === undefined ? [] : [[name, bytes]]))),
  }
}

interface Measured {
  readonly bytes: number | undefined
  readonly isInUse: boolean
}

function spaceUse(all: readonly Measured[]): SpaceUse {
  const unused = all.filter(({ isInUse }) => !isInUse)
  return {
    count: all.length,
    inUse: all.length - unused.length,
    bytes: sumOf(all),
    freeableBytes: sumOf(unused),
    unknown: all.filter(({ bytes }) => bytes === undefined).length,
  }
}

/** Undefined when there are some, and none is known. */
function sumOf(all: readonly Measured[]): number | undefined {
  const known = all.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]))
  return all.length > 0 && known.length === 0 ? undefined : known.reduce((sum, each) => sum + each, 0)
}
