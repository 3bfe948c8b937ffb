import type { DirectoryEntry } from '@hikae/engine'
import type { z } from 'zod'
import type { ContainerSummary } from '../docker/containers/container.ts'
import type { Environment } from '../environment.ts'
import type { Finding } from './finding.ts'
import type { OwnPath } from './own-paths.ts'
import type { SourcePoint } from './source-point.ts'

/**
 * One kind of thing that can be protected. Each has a folder here, a line in `kinds.ts`, and passes `describeSource`.
 *
 * A kind reads, restores and verifies. It knows nothing of repositories, schedules or other kinds, prints nothing, and
 * asks nobody anything.
 */
export interface SourceKind<Config = unknown> {
  /** The key in the stack file, and the tag `kind=…` of snapshots: `docker-volumes`. */
  readonly name: string
  /**
   * The one place that says what may stand under that key; descriptions become the reference page. Secrets stay
   * references, and paths stay as they were written, to be resolved from {@link SourceContext.folder}.
   */
  readonly config: z.ZodType<Config>
  /** What the configuration names, on one line: `/srv/app, /etc/app`. */
  describe(config: Config): string
  /**
   * Whether a backup would work now: what is missing, refused, unreachable. Reads no data, and changes nothing but what an
   * interrupted restore has left in its place, which is finished or undone.
   */
  examine(config: Config, context: SourceContext): Promise<readonly Finding[]>
  /** Paths whose change means that the source has changed; absent for a kind that nobody can watch. */
  watched?(config: Config, context: SourceContext): Promise<readonly string[]>
  /**
   * Does all that has to be done before reading: connects, quiesces, takes a copy that holds still. Several sources may be
   * open at the same time, so that they are of the same moment.
   *
   * @throws when nothing can be vouched for
   */
  open(config: Config, context: ReadContext): Promise<OpenSource>
  /**
   * Says what a restore would do; changes nothing.
   *
   * @throws when the point cannot be restored there: it is damaged, of another make, or something is in the way
   */
  planRestore(config: Config, point: SourcePoint, options: RestoreOptions, context: ReadContext): Promise<RestorePlan>
  /** What else than a place its restores can be told. */
  readonly restoreOptions?: readonly ('only' | 'script')[]
  /**
   * Restores into a throwaway place and looks at what came back, with the kind's own tools where it has any. Leaves
   * nothing behind.
   *
   * @returns errors for what is wrong; none means that the point is good
   */
  verify(config: Config, point: SourcePoint, context: ReadContext): Promise<readonly Finding[]>
  /**
   * Undoes what a killed run has left done to others, such as containers that it stopped. Called before anything else is
   * done with the stack: by the next run of whichever job, and when the daemon starts. Absent for kinds that do nothing to
   * others.
   *
   * @returns what was undone (`warning`), and what could not be (`error`)
   */
  settle?(config: Config, context: ReadContext): Promise<readonly Finding[]>
  /**
   * What a container means that brings a source of this kind in its labels, as far as the labels do not say it: itself, its
   * volumes, its project. Absent for kinds that have nothing to do with containers: no label can bring one of these. Kinds
   * that have it take `engine:`.
   *
   * @param said what the labels say
   */
  ofContainer?(container: ContainerSummary, said: Readonly<Record<string, unknown>>): OfContainer
  /** What restores in place have kept, newest first; absent for a kind that keeps nothing. */
  kept?(config: Config, context: ReadContext): Promise<readonly KeptCopy[]>
}

/** What a container means by a source in its labels. */
export interface OfContainer {
  /** In the form of the stack file. */
  readonly written: Readonly<Record<string, unknown>>
  /** What of the container is not meant, although it might be thought so (`warning`); there is nothing of this kind (`error`). */
  readonly findings?: readonly Finding[]
}

/** What was in place before a restore. */
export interface KeptCopy {
  /** When it was replaced. */
  readonly time: Date
  /** Where it is kept. */
  readonly place: string
  /**
   * Puts it back in place; what is there now is kept in its stead, so that an undo can be undone.
   *
   * @throws when it cannot be put back: something else is in the way
   */
  planUndo(context: ReadContext): Promise<RestorePlan>
  /** How much room removing it frees, in bytes; looks at everything in it. Absent where that cannot be told. */
  size?(signal: AbortSignal): Promise<number>
  /** Removes it for good. */
  remove(context: ReadContext): Promise<void>
}

export interface SourceContext {
  /** Of the source in the stack file, for messages and names. */
  readonly source: string
  /** Of the stack, as snapshots say it. */
  readonly stack: string
  /** Of the stack file: relative paths begin here. */
  readonly folder: string
  /** What is Hikae's on this machine: its state, and the repositories of the stack. */
  readonly own?: readonly OwnPath[]
  readonly env: Environment
  readonly signal: AbortSignal
}

/** For what takes its time and needs room. */
export interface ReadContext extends SourceContext {
  /** An empty folder of 0700 that is removed afterwards, also after a kill; made when it is asked for. */
  readonly scratchFolder: () => Promise<string>
  /** A folder of 0700 for this source that stays from run to run; losing it costs time, never data. */
  readonly stateFolder: () => Promise<string>
  /** State folder of the job that holds still all that writes to this source, where one does: nothing else has to. */
  readonly heldWith?: string
  /** A line for the log of the run. Never a secret. */
  readonly log: (message: string) => void
}

/** A source that holds still. Disposing of it undoes whatever opening it did to others, also after a failure. */
export interface OpenSource extends AsyncDisposable {
  /** What the snapshot says was saved: absolute, and the same from run to run. */
  readonly paths: readonly string[]
  /** Patterns by which things were left out, for the snapshot. */
  readonly excludes?: readonly string[]
  /** The root of the snapshot. The name `.hikae` at the top is taken. */
  readonly root: DirectoryEntry
  /**
   * What it gives was settled when it was opened, as with a copy or a transaction: whoever writes to the source may go on
   * before it is read.
   */
  readonly isOfOneMoment?: boolean
  /** How to tell that a file has not changed; by size, time, ctime and inode unless told otherwise. */
  readonly unchanged?: { readonly ignoreInode?: boolean; readonly ignoreCtime?: boolean }
  /**
   * Called once, when every entry has been given, and every file and stream has been read to its end: whoever was stopped
   * for it can be started again.
   *
   * @throws when what was read cannot be vouched for: no snapshot is made
   */
  finish(): Promise<SourceReading>
}

/** What is known of a source after it was read. */
export interface SourceReading {
  /** For the manifest: versions, positions, counts and checksums, in the kind's own words. */
  readonly facts: Readonly<Record<string, unknown>>
  /** What was promised and is not in the snapshot; any of these makes the run incomplete. */
  readonly findings: readonly Finding[]
  /** There is nothing in it, which is rarely meant. */
  readonly isEmpty: boolean
}

export interface RestoreOptions {
  /** Where to, in the kind's own words: a folder, a database, a server; back in place when absent. */
  readonly to?: string
  /** Only these parts, in the kind's own words: databases, tables, prefixes of keys. */
  readonly only?: readonly string[]
  /** A file with statements for what was restored, before anybody else sees it: absolute. */
  readonly script?: string
}

/** A restore that is worked out and not begun. */
export interface RestorePlan {
  /** In order, for the person who decides: what is built, stopped, replaced, kept, and where. */
  readonly steps: readonly string[]
  /**
   * Carries the steps out: builds beside what is there, checks, then swaps. Wherever it ends, what is in place is the old
   * or the new, whole.
   */
  apply(signal: AbortSignal): Promise<Restored>
}

export interface Restored {
  /** Where it is now. */
  readonly place: string
  /** What was there before, and where it is kept; absent when there was nothing. */
  readonly kept?: string
  readonly findings: readonly Finding[]
}
