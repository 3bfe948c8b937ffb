import type { StoredSnapshot } from '@hikae/engine'
import type { ImportItem } from './item.ts'

/** What every imported snapshot carries. */
const IMPORTED = ['hikae', 'imported']

/** @param more what the person wants besides */
export function importTags({ origin }: ImportItem, more: readonly string[]): string[] {
  return [...IMPORTED, originTag(origin), ...more]
}

/** The snapshot that an earlier import has made of the same thing. */
export function importedBefore(
  { origin, timeNs }: ImportItem,
  host: string,
  snapshots: readonly StoredSnapshot[],
  parseTime: (text: string) => bigint,
): StoredSnapshot | undefined {
  const wanted = [...IMPORTED, originTag(origin)]
  return snapshots.find(
    ({ time, hostname, tags = [] }) =>
      hostname === host && wanted.every((tag) => tags.includes(tag)) && parseTime(time) === timeNs,
  )
}

function originTag(origin: string): string {
  return `origin=${origin}`
}
