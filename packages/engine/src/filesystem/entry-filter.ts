import type { EntryMetadata } from '../entry.ts'

/** What a walk leaves out. Paths are absolute byte strings; what is below an excluded directory is never asked about. */
export interface EntryFilter {
  /** Asked before the entry is looked at, so that what is excluded by name cannot fail. */
  excludesPath(path: string): boolean
  /** Asked for what `excludesPath` let through. */
  excludesEntry(path: string, metadata: EntryMetadata): boolean
}
