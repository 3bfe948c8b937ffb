import type { SnapshotFilter, StoredSnapshot } from '@hikae/engine'
import type { snapshotFilterOptions } from '../filter-options.ts'
import type { OptionValues } from '../option.ts'
import { printFailure } from '../output/failure.ts'
import type { Output } from '../output/output.ts'
import { shortId } from '../output/snapshot.ts'
import { argumentBytes } from './byte-argument.ts'
import type { Session } from './session.ts'

type FilterValues = OptionValues<typeof snapshotFilterOptions>

/** A snapshot, and the place in it that `SNAPSHOT:PATH` names. */
export interface SnapshotPlace {
  readonly snapshot: StoredSnapshot
  /** Absolute byte string; `/` for the whole snapshot. */
  readonly path: string
}

/**
 * The snapshot that `latest`, `latest~2` or the beginning of an id means, with an optional `:PATH`. The filter narrows
 * what `latest` chooses from.
 *
 * @throws what is wrong with a damaged snapshot that is meant, or that may be the latest; others do not matter
 */
export async function chooseSnapshot(session: Session, spec: string, options: FilterValues): Promise<SnapshotPlace> {
  const { resolveSnapshot } = await import('@hikae/engine')
  const { readable, damaged } = await readAll(session)
  refuseDoubt(spec, damaged)
  const { snapshot, path } = resolveSnapshot(readable, spec, snapshotFilter(options))
  return { snapshot, path: argumentBytes(path) }
}

export interface SelectedSnapshots {
  /** Oldest first, each once. */
  readonly snapshots: StoredSnapshot[]
  /** False when one that cannot be read may belong to them; `out` was told. */
  readonly isComplete: boolean
}

/** The snapshots named; with no name, all that the filter lets through. */
export async function selectSnapshots(
  session: Session,
  specs: readonly string[],
  options: FilterValues,
  out: Output,
): Promise<SelectedSnapshots> {
  const { matchesFilter, resolveSnapshot } = await import('@hikae/engine')
  const { readable, damaged } = await readAll(session)
  const filter = snapshotFilter(options)
  if (specs.length === 0) {
    for (const [id, error] of damaged)
      printFailure({ item: id, what: `snapshot ${shortId(id)}`, error, during: 'read' }, out)
    const snapshots = readable.filter((snapshot) => matchesFilter(snapshot, filter))
    return { snapshots, isComplete: damaged.size === 0 }
  }
  for (const spec of specs) refuseDoubt(spec, damaged)
  const named = new Set(specs.map((spec) => resolveSnapshot(readable, spec, filter).snapshot.id))
  return { snapshots: readable.filter(({ id }) => named.has(id)), isComplete: true }
}

interface AllSnapshots {
  readonly readable: StoredSnapshot[]
  readonly damaged: ReadonlyMap<string, Error>
}

async function readAll({ repository, signal }: Session): Promise<AllSnapshots> {
  const damaged = new Map<string, Error>()
  const readable = await repository.snapshots(signal, (id, error) => damaged.set(id, error))
  return { readable, damaged }
}

function refuseDoubt(spec: string, damaged: AllSnapshots['damaged']): void {
  const name = spec.split(':', 1)[0]!.toLowerCase()
  for (const [id, error] of damaged) if (name.startsWith('latest') || id.startsWith(name)) throw error
}

/** The engine's filter for `--host`, `--tag` and `--path`. */
export function snapshotFilter(options: FilterValues): SnapshotFilter {
  return {
    ...(options.host.length > 0 ? { hosts: [...options.host] } : {}),
    ...(options.tag.length > 0 ? { tags: options.tag.map((tags) => [...tags]) } : {}),
    ...(options.path.length > 0 ? { paths: [...options.path] } : {}),
  }
}
