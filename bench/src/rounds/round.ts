import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { measure, output, type Command } from '../command.ts'
import type { DataSetName } from '../data/data-set.ts'
import type { RepositorySize, Sample, Verb } from '../samples.ts'
import type { Tool, Upkeep } from '../tools/tool.ts'

export interface RoundOptions {
  readonly number: number
  readonly dataSet: DataSetName
  /** In the order of their turns. */
  readonly tools: readonly Tool[]
  /** An existing directory for repositories and restored files. */
  readonly directory: string
  readonly signal: AbortSignal
  onSample(sample: Sample): void
  onSize(size: RepositorySize): void
}

/** One round: all tools do the same work with one data set, in turns. */
export class Round {
  readonly tools: readonly Tool[]
  /** What costs time and proves the same each time is proven in the first round. */
  readonly isFirst: boolean
  readonly #options: RoundOptions

  constructor(options: RoundOptions) {
    this.tools = options.tools
    this.isFirst = options.number === 1
    this.#options = options
  }

  path(name: string): string {
    return join(this.#options.directory, name)
  }

  repositoryOf({ name }: Tool): string {
    return this.path(`${name}-repository`)
  }

  /** The tools that can do all the work of restic, with the words for it. */
  upkeepers(): { tool: Tool; upkeep: Upkeep; repository: string }[] {
    return this.tools.flatMap((tool) =>
      tool.upkeep ? [{ tool, upkeep: tool.upkeep, repository: this.repositoryOf(tool) }] : [],
    )
  }

  /** Measures a command, with nothing left to write from before. */
  async measure(verb: Verb, tool: Tool, command: Command): Promise<void> {
    const { number, dataSet, signal } = this.#options
    await this.run({ file: 'sync', args: [] })
    const measurement = await measure(command, signal)
    this.#options.onSample({ work: `${verb} ${dataSet}`, dataSet, tool: tool.name, round: number, ...measurement })
  }

  /** Runs what has to be done but is not measured; @returns what it printed */
  async run(command: Command): Promise<string> {
    return await output(command, this.#options.signal)
  }

  /** Records what the tool's repository takes now. */
  recordSize(tool: Tool, after: RepositorySize['after']): void {
    const { number, dataSet } = this.#options
    const bytes = sizeOf(this.repositoryOf(tool))
    this.#options.onSize({ dataSet, after, tool: tool.name, round: number, bytes })
  }
}

function sizeOf(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
}
