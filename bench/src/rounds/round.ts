import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { claimMemory } from '../claim-memory.ts'
import { measure, output, type Command } from '../command.ts'
import type { DataSetName } from '../data/data-set.ts'
import { type Place, placeIn } from '../places/place.ts'
import type { Server } from '../places/server.ts'
import type { Contender, RepositorySize, Sample, Verb } from '../samples.ts'
import type { Tool, Upkeep } from '../tools/tool.ts'

export interface RoundOptions {
  readonly number: number
  readonly dataSet: DataSetName
  /** In the order of their turns. */
  readonly tools: readonly Tool[]
  /** An existing directory for repositories and restored files. */
  readonly directory: string
  /** Holds the repositories instead of the directory. */
  readonly server?: Server
  /** How much free memory is written to before each measurement. */
  readonly memoryBytes: number
  readonly signal: AbortSignal
  /** Told of what may make figures doubtful. */
  readonly onTrouble: (message: string) => void
  onSample(sample: Sample): void
  onSize(size: RepositorySize): void
}

/** A tool, or one of its ways. */
interface Measured {
  readonly name: Contender
}

/** One round: all tools do the same work with one data set, in turns. */
export class Round {
  readonly tools: readonly Tool[]
  /** What costs time and proves the same each time is proven in the first round. */
  readonly isFirst: boolean
  readonly #options: RoundOptions
  readonly #places = new Map<string, Place>()

  constructor(options: RoundOptions) {
    this.tools = options.tools
    this.isFirst = options.number === 1
    this.#options = options
  }

  path(name: string): string {
    return join(this.#options.directory, name)
  }

  /** The tool's repository in this round: an empty place when it is asked for the first time. */
  async repositoryOf({ name }: Measured): Promise<Place> {
    const place = this.#places.get(name) ?? (await this.newPlace(`${name}-repository`))
    this.#places.set(name, place)
    return place
  }

  /** An empty place; in the directory it has this name. */
  async newPlace(name: string): Promise<Place> {
    const { server } = this.#options
    if (server) return await server.newPlace()
    mkdirSync(this.path(name))
    return placeIn(this.path(name))
  }

  /** Frees the disk; what lies on a server goes with the server. */
  remove({ directory }: Place): void {
    if (directory !== undefined) rmSync(directory, { recursive: true })
  }

  /** Removes the repositories of all tools. */
  end(): void {
    for (const place of this.#places.values()) this.remove(place)
    this.#places.clear()
  }

  /** The tools that can do all the work of restic, with the words for it. */
  async upkeepers(): Promise<{ tool: Tool; upkeep: Upkeep; repository: Place }[]> {
    const able = this.tools.flatMap((tool) => (tool.upkeep ? [{ tool, upkeep: tool.upkeep }] : []))
    return await Promise.all(able.map(async (each) => ({ ...each, repository: await this.repositoryOf(each.tool) })))
  }

  /** Measures a command, with nothing left to write from before, and with memory that this machine has for sure. */
  async measure(verb: Verb, tool: Measured, command: Command): Promise<void> {
    const { number, dataSet, memoryBytes, signal, onTrouble } = this.#options
    await this.run({ file: 'sync', args: [] })
    const trouble = await claimMemory(memoryBytes, signal)
    if (trouble !== undefined) onTrouble(trouble)
    const measurement = await measure(command, signal)
    this.#options.onSample({ work: `${verb} ${dataSet}`, dataSet, tool: tool.name, round: number, ...measurement })
  }

  /** Runs what has to be done but is not measured; @returns what it printed */
  async run(command: Command): Promise<string> {
    return await output(command, this.#options.signal)
  }

  /**
   * Records what the tool's repository takes now, unless it is on a server.
   *
   * @param elsewhere bytes that are stored besides it
   */
  async recordSize(tool: Measured, after: RepositorySize['after'], elsewhere = 0): Promise<void> {
    const { number, dataSet } = this.#options
    const stored = await this.storedBy(tool)
    if (stored === undefined) return
    this.#options.onSize({ dataSet, after, tool: tool.name, round: number, bytes: stored + elsewhere })
  }

  /** What the tool's repository takes now, in bytes; undefined when it is on a server. */
  async storedBy(tool: Measured): Promise<number | undefined> {
    const { directory } = await this.repositoryOf(tool)
    return directory === undefined ? undefined : sizeOf(directory)
  }
}

function sizeOf(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
}
