import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'
import type { ReadContext } from '../source-kind.ts'

/** From when to when a project was replaced in place: what its parts kept then belongs together. */
export interface ReplacementTimes {
  readonly began: Date
  readonly ended: Date
}

const FILE = 'replacements.json'
/** Nobody undoes older ones as a whole. */
const MOST = 50

const schema = z.array(z.object({ began: z.coerce.date(), ended: z.coerce.date() }))

type Place = Pick<ReadContext, 'stateFolder'>

export async function recordReplacement(times: ReplacementTimes, context: Place): Promise<void> {
  const path = join(await context.stateFolder(), FILE)
  const all = [times, ...(await readReplacements(context))].slice(0, MOST)
  await writeFile(`${path}.new`, JSON.stringify(all), { mode: 0o600 })
  await syncToDisk(`${path}.new`)
  await rename(`${path}.new`, path)
}

/** Newest first. Without them each part can still be undone by itself. */
export async function readReplacements({ stateFolder }: Place): Promise<readonly ReplacementTimes[]> {
  try {
    return schema.parse(JSON.parse(await readFile(join(await stateFolder(), FILE), 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return []
    throw error
  }
}
