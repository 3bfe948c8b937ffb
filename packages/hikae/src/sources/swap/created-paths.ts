import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { errorMessage, systemCode } from '../../errors.ts'
import type { ReadContext } from '../source-kind.ts'
import type { BytePath } from './byte-path.ts'

const schema = z.object({ version: z.literal(1), created: z.array(z.string().startsWith('/')) })

/** The folder that stays with a source, and the log. */
type Memory = Pick<ReadContext, 'stateFolder' | 'log'>

/**
 * Remembers what a restore has put where nothing was. Nothing is kept of that, so that only this tells an undo to take it
 * away again. That it cannot be remembered goes into the log.
 *
 * @param stamp under which the restore keeps things
 */
export async function rememberCreated(memory: Memory, stamp: string, created: readonly BytePath[]): Promise<void> {
  if (created.length === 0) return
  try {
    const file = await fileOf(memory, stamp)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, JSON.stringify({ version: 1, created }), { mode: 0o600 })
  } catch (error) {
    memory.log(
      `an undo will leave in place what was not there before, since that cannot be remembered: ${errorMessage(error)}`,
    )
  }
}

/** @returns none when nothing is remembered */
export async function createdBy(memory: Memory, stamp: string): Promise<readonly BytePath[]> {
  try {
    return schema.parse(JSON.parse(await readFile(await fileOf(memory, stamp), 'utf8'))).created
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return []
    throw error
  }
}

export async function forgetCreated(memory: Memory, stamp: string): Promise<void> {
  await rm(await fileOf(memory, stamp), { force: true })
}

async function fileOf(memory: Memory, stamp: string): Promise<string> {
  return join(await memory.stateFolder(), 'restores', `${stamp}.json`)
}
