import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'

/** A longer chain takes its time to restore. */
const LONGEST_CHAIN = 50
/** A new base when what was added is a quarter of the base; a small one is not worth it. */
const MOST_ADDED = 0.25
const LEAST_ADDED_BYTES = 1024 * 1024
const STATE = 'chain.json'

const linkSchema = z.object({
  file: z.string().regex(/^[\w-]+\.bundle$/),
  size: z.number().int(),
  sha256: z.string(),
  /** Objects, with all they refer to, that this bundle and those before it hold, and those before it alone do not. */
  tips: z.array(z.string().regex(/^[0-9a-f]{40,64}$/)),
})
const chainSchema = z.object({ version: z.literal(1), format: z.string(), links: z.array(linkSchema) })

/** One bundle: the first holds everything of its time, each other what was new. */
export type Link = z.output<typeof linkSchema>

/** The bundles of which the last snapshot was made, kept so that the next one adds what is new. */
export class Chain {
  readonly folder: string
  readonly format: string
  readonly links: readonly Link[]

  constructor(folder: string, format: string, links: readonly Link[]) {
    this.folder = folder
    this.format = format
    this.links = links
  }

  /**
   * Each bundle is read and compared with its checksum: a snapshot may take it as it is. A chain that is damaged, or of
   * another kind of repository, is given up.
   */
  static async open(folder: string, format: string, log: (message: string) => void): Promise<Chain> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const stored = await readState(folder)
    const chain = new Chain(folder, format, stored?.format === format ? stored.links : [])
    const broken = await chain.#firstBroken()
    if (broken === undefined) return chain
    log(`${broken} of the state folder is damaged: everything is bundled anew`)
    return new Chain(folder, format, [])
  }

  get tips(): Set<string> {
    return new Set(this.links.flatMap(({ tips }) => tips))
  }

  /** The next bundle had better begin a new chain. */
  get isLong(): boolean {
    const [base, ...added] = this.links
    if (base === undefined) return false
    const bytes = added.reduce((sum, { size }) => sum + size, 0)
    return this.links.length >= LONGEST_CHAIN || bytes > Math.max(base.size * MOST_ADDED, LEAST_ADDED_BYTES)
  }

  pathOf(link: Link): string {
    return join(this.folder, link.file)
  }

  /** Takes a bundle in. @param made a file in the chain's folder, which is renamed */
  async with(made: string, tips: readonly string[]): Promise<Chain> {
    const { sha256, size } = await digestOf(made)
    const file = `${String(this.links.length).padStart(4, '0')}-${sha256.slice(0, 16)}.bundle`
    await rename(made, join(this.folder, file))
    return await this.#stored([...this.links, { file, size, sha256, tips: [...tips] }])
  }

  /** The chain holds these already; it is written down, so that nobody has to find out again. */
  async reaching(tips: readonly string[]): Promise<Chain> {
    const last = this.links.at(-1)!
    return await this.#stored([...this.links.slice(0, -1), { ...last, tips: [...last.tips, ...tips] }])
  }

  async #stored(links: readonly Link[]): Promise<Chain> {
    const state = join(this.folder, STATE)
    await writeFile(`${state}.new`, JSON.stringify({ version: 1, format: this.format, links }), { mode: 0o600 })
    await rename(`${state}.new`, state)
    const files = new Set(links.map(({ file }) => file))
    for (const name of await readdir(this.folder)) {
      if (name !== STATE && !files.has(name)) await rm(join(this.folder, name), { recursive: true, force: true })
    }
    return new Chain(this.folder, this.format, links)
  }

  async #firstBroken(): Promise<string | undefined> {
    for (const link of this.links) {
      const found = await digestOf(this.pathOf(link)).catch(undefinedIfAbsent)
      if (found?.sha256 !== link.sha256) return link.file
    }
    return undefined
  }
}

/** Of a file, read whole. */
export async function digestOf(path: string): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const part of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(part as Buffer)
    size += (part as Buffer).length
  }
  return { sha256: hash.digest('hex'), size }
}

async function readState(folder: string): Promise<z.output<typeof chainSchema> | undefined> {
  const text = await readFile(join(folder, STATE), 'utf8').catch(undefinedIfAbsent)
  if (text === undefined) return undefined
  try {
    return chainSchema.parse(JSON.parse(text))
  } catch {
    // Half-written or of a later version: the chain can be made anew at any time.
    return undefined
  }
}

function undefinedIfAbsent(error: unknown): undefined {
  if (systemCode(error) === 'ENOENT') return undefined
  throw error
}
