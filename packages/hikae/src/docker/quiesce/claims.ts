import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'
import { tryLock } from './container-lock.ts'
import { lockOfRecord, methodName } from './hold-record.ts'

const claimSchema = z.object({
  /** Id of the hold's record, and the folder in which that is. */
  hold: z.string(),
  folder: z.string(),
  how: methodName,
  /** When the process began that was made to hold still. */
  startedAt: z.string(),
})

/** That a hold wants a container to stay as it is: while there is another one, nobody lets it go on. */
export type Claim = z.output<typeof claimSchema>

/** Claims on a container, also of the dead. To be called by whoever has the lock of the container. */
export async function readClaims(folder: string, container: string): Promise<readonly Claim[]> {
  try {
    return z.array(claimSchema).parse(JSON.parse(await readFile(fileOf(folder, container), 'utf8')))
  } catch (error) {
    // What is torn is from before a loss of power, which nobody survived: the records tell what has to be undone.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return []
    throw error
  }
}

/** To be called by whoever has the lock of the container. */
export async function writeClaims(folder: string, container: string, claims: readonly Claim[]): Promise<void> {
  const path = fileOf(folder, container)
  const fresh = `${path}.new`
  if (claims.length === 0) {
    await rm(path, { force: true })
    return await rm(fresh, { force: true })
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(fresh, JSON.stringify(claims), { mode: 0o600 })
  await rename(fresh, path)
}

/** Whether the process that made it lives. */
export function isLiving({ hold, folder }: Claim): boolean {
  if (!existsSync(folder)) return false
  const lock = tryLock(folder, lockOfRecord(hold))
  lock?.[Symbol.dispose]()
  return lock === undefined
}

function fileOf(folder: string, container: string): string {
  return join(folder, `${container}.json`)
}
