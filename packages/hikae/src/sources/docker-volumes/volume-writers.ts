import { listContainers } from '../../docker/containers/container.ts'
import { ownContainer } from '../../docker/containers/own-container.ts'
import { type Asked, conditionOf } from '../../docker/quiesce/container-condition.ts'
import { mountsOf, usersOf } from './volume-users.ts'
import type { Volume } from './volume.ts'

/** A container that may write to volumes when it runs, as it was at one moment. */
export interface VolumeWriter {
  readonly id: string
  readonly name: string
  /** Names of the volumes. */
  readonly volumes: readonly string[]
  readonly isRunning: boolean
  readonly isPaused: boolean
  /** When its process began, the last one where it has ended. */
  readonly startedAt: string
  /** It is the one in which this runs. */
  readonly isOurs: boolean
}

/** All that have one of the volumes and may write to it, whether they run or not. @throws {DockerError} */
export async function writersNow(engine: Asked, volumes: readonly Volume[]): Promise<readonly VolumeWriter[]> {
  const ownId = await ownContainer()
  const users = usersOf(volumes, await listContainers(engine))
  const containers = new Map(users.flatMap(({ all }) => all).map((container) => [container.id, container]))
  const writers: VolumeWriter[] = []
  for (const [id, container] of containers) {
    const written = volumes.filter((volume) => mountsOf(container, volume).some(({ isWritable }) => isWritable))
    const now = written.length === 0 ? undefined : await conditionOf(engine, id, container.name)
    if (!now) continue
    const { name, isRunning, isPaused, startedAt } = now
    const names = written.map((volume) => volume.name)
    writers.push({ ...{ id, name, isRunning, isPaused, startedAt }, volumes: names, isOurs: id === ownId })
  }
  return writers
}

/** One that ran while volumes were read. */
export interface VolumeWriterThatRan extends VolumeWriter {
  /** It was paused at the beginning and at the end, and has written nothing. */
  readonly wasFrozen: boolean
}

/** Those that ran at one of two moments, or for a while in between. One that was made and removed in between nobody knows. */
export function ranBetween(
  before: readonly VolumeWriter[],
  after: readonly VolumeWriter[],
): readonly VolumeWriterThatRan[] {
  const both = new Map([...before, ...after].map((writer) => [writer.id, writer]))
  return [...both.values()].flatMap((writer) => {
    const [first, last] = [before, after].map((all) => all.find(({ id }) => id === writer.id))
    const isSame = first?.startedAt === last?.startedAt
    const wasStarted = last !== undefined && !isSame && hasBegun(last)
    if (!first?.isRunning && !last?.isRunning && !wasStarted) return []
    return [{ ...writer, wasFrozen: isSame && first?.isPaused === true && last?.isPaused === true }]
  })
}

/** One that was only made has the year 1 as its start. */
function hasBegun({ startedAt }: VolumeWriter): boolean {
  return Date.parse(startedAt) > 0
}
