import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../../errors.ts'
import { processExists } from '../../../process/process-exists.ts'
import type { ReadContext } from '../../source-kind.ts'

const schema = z.object({
  version: z.literal(1),
  pid: z.int(),
  stamp: z.string(),
  server: z.string().nullable(),
  /** What is built, what it is to be called, and what is kept of the one that is called so now. */
  databases: z.array(z.object({ building: z.string(), name: z.string(), keep: z.string().nullable() })),
  /** That were not there before. */
  roles: z.array(z.string()),
})

/** A restore that is not over: what would be left of it on the server if we were killed now. */
export type Unfinished = z.output<typeof schema>

type Memory = Pick<ReadContext, 'stateFolder'>

export async function writeUnfinished(memory: Memory, unfinished: Unfinished): Promise<void> {
  const file = await fileOf(memory, unfinished.stamp)
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, JSON.stringify(unfinished), { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

export async function removeUnfinished(memory: Memory, { stamp }: Pick<Unfinished, 'stamp'>): Promise<void> {
  await rm(await fileOf(memory, stamp), { force: true })
}

/** Those that nobody works at any more. */
export async function leftUnfinished(memory: Memory): Promise<Unfinished[]> {
  const folder = join(await memory.stateFolder(), 'unfinished-restores')
  const left: Unfinished[] = []
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.json')) continue
    const parsed = schema.safeParse(JSON.parse(await readFile(join(folder, name), 'utf8')))
    if (parsed.success && !processExists(parsed.data.pid)) left.push(parsed.data)
  }
  return left
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

async function fileOf(memory: Memory, stamp: string): Promise<string> {
  return join(await memory.stateFolder(), 'unfinished-restores', `${stamp}.json`)
}
