import type { Command } from '../command.ts'

export type ToolName = 'hikae' | 'restic' | 'borg' | 'tar'

/** A backup program under measurement: what to run for each kind of work. */
export interface Tool {
  readonly name: ToolName
  /** With its version, as shown in tables. */
  readonly title: string
  /** The directory that gets a new repository; none for a tool that just writes a file. */
  initialize?(repository: string): Command
  backUp(repository: string, source: string): Command
  /** Only for a tool that stores in two repositories while it reads once. */
  readonly both?: {
    initialize(repositories: readonly [string, string]): Command
    backUp(repositories: readonly [string, string], source: string): Command
  }
  restore(repository: string, target: string): Command
  /** The same, with holes where there are only zeros. */
  restoreSparse?(repository: string, target: string): Command
  /** Where under `target` the restored copy of `source` lies. */
  restoredAt(target: string, source: string): string
  /** Reads and verifies all stored data. */
  check?(repository: string): Command
  listSnapshots?(repository: string): Command
  printVersion?(): Command
  readonly upkeep?: Upkeep
}

/** What a repository in restic's format needs over the years, and what is asked of it. */
export interface Upkeep {
  /** A backup that leaves out the names that match a pattern. */
  backUpWithout(repository: string, source: string, pattern: string): Command
  forgetAllButLast(repository: string): Command
  prune(repository: string): Command
  /** The directory `repository` gets a new one that cuts content as `model` does. */
  initializeLike(repository: string, model: string): Command
  /** All snapshots. */
  copy(from: string, to: string): Command
  /** Verifies that everything is there, without reading the content of files. */
  checkStructure(repository: string): Command
  /** Paths in the last snapshot, each on a line that begins with a slash. */
  listFiles(repository: string): Command
  stats(repository: string): Command
  find(repository: string, name: string): Command
}

/** What tools need to know about this run. `state` is for their caches, `password` is a file. */
export interface ToolContext {
  state: string
  password: string
  signal: AbortSignal
}

/** A tool that is not here; the message tells why, and the benchmark goes on without it. */
export class ToolMissingError extends Error {
  override readonly name = 'ToolMissingError'
}
