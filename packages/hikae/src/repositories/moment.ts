import { parseTime, type Snapshot } from '@hikae/engine'

type Occasion = Pick<Snapshot, 'time' | 'hostname' | 'paths'>

/** Snapshots of the same host and paths, which follow each other: a key for maps. */
export function groupOf({ hostname, paths }: Occasion): string {
  return JSON.stringify([hostname ?? '', [...paths].sort()])
}

/**
 * When, where and of what a snapshot was made: a key for maps and files. One run that stores into several repositories
 * gives all of them snapshots of the same moment; copies keep it, and so do changed tags.
 */
export function momentOf(snapshot: Occasion): string {
  const { hostname, paths } = snapshot
  return JSON.stringify([String(parseTime(snapshot.time)), hostname ?? '', [...paths].sort()])
}
