import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { errorMessage, systemCode } from '../../../errors.ts'
import type { ReadContext } from '../../source-kind.ts'

/** More restores than anybody undoes. */
const MOST = 100
const FILE = 'added-names.json'
const fileSchema = z.array(z.object({ moment: z.string(), names: z.array(z.string()) }))

export interface AddedNames {
  /** Of the restore; see `KeptName`. */
  readonly moment: string
  /** Names that no image had before. */
  readonly names: readonly string[]
}

type Folder = Pick<ReadContext, 'stateFolder' | 'log'>

/** Names that restores gave and that nothing had before: an undo takes them away. Without the list they stay. */
export async function readAddedNames({ stateFolder, log }: Folder): Promise<readonly AddedNames[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(join(await stateFolder(), FILE), 'utf8')))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') log(`what restores have added is not known: ${errorMessage(error)}`)
    return []
  }
}

/** @throws what the file system throws */
export async function noteAddedNames(added: AddedNames, context: Folder): Promise<void> {
  const path = join(await context.stateFolder(), FILE)
  const before = await readAddedNames(context)
  await writeFile(`${path}.new`, JSON.stringify([...before, added].slice(-MOST)), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
