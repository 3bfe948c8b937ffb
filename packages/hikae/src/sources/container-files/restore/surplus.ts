import { openArchiveEntry } from '../../../docker/archive/open-archive.ts'
import { statPath } from '../../../docker/archive/path-stat.ts'
import type { ContainerSummary } from '../../../docker/containers/container.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath, printablePath } from '../../swap/byte-path.ts'
import { entriesBelow } from './entries-below.ts'

/** What is at a path now. */
export interface Present {
  readonly path: string
  readonly isThere: boolean
  /** Of what is there and not in the backup. */
  readonly surplus: number
  /** The first of these. */
  readonly examples: readonly string[]
}

const MOST_NAMED = 5

/**
 * Looks at what a restore would meet. Reads all that is there; memory grows with the number of names in the backup.
 *
 * @throws {DockerError} a folder would have to become something else, or the other way round
 */
export async function lookAtPresent(
  engine: DockerEngine,
  container: ContainerSummary,
  path: string,
  point: SourcePoint,
  signal: AbortSignal,
): Promise<Present> {
  const top = bytePath(path)
  if (!(await statPath(engine, container.id, top, signal))) return { path, isThere: false, surplus: 0, examples: [] }
  const saved = new Map<string, boolean>()
  for await (const { path: at, type } of point.entries(top)) saved.set(at.slice(top.length), type === 'dir')
  let surplus = 0
  const examples: string[] = []
  await using archive = await openArchiveEntry(engine, container.id, top, signal)
  for await (const { path: at, entry } of entriesBelow(archive.entry, signal)) {
    const isFolder = saved.get(at)
    if (isFolder === undefined) {
      if (surplus++ < MOST_NAMED) examples.push(printablePath(top + at))
    } else if (isFolder !== (entry.kind === 'directory')) throw otherKind(printablePath(top + at), container)
  }
  await archive.finish()
  return { path, isThere: true, surplus, examples }
}

function otherKind(path: string, { name }: ContainerSummary): DockerError {
  return new DockerError(`${path} in the container ${name} was a folder and is none now, or the other way round`, {
    hint: `move it away, or restore beside it with \`--to ${name}:/PATH\``,
  })
}
