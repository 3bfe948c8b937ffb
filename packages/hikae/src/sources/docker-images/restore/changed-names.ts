import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { errorMessage, systemCode } from '../../../errors.ts'
import type { ReadContext } from '../../source-kind.ts'

/** More restores than anybody undoes. */
const MOST = 100
const FILE = 'changed-names.json'
const fileSchema = z.array(z.object({ moment: z.string(), added: z.array(z.string()), kept: z.array(z.string()) }))

/** What a restore of this source has done with names. */
export interface ChangedNames {
  /** Of the restore; see `KeptName`. */
  readonly moment: string
  /** Names that no image had before: an undo takes them away. */
  readonly added: readonly string[]
  /** Under which images are kept that lost theirs. Of whom one is cannot be seen by the name. */
  readonly kept: readonly string[]
}

type Folder = Pick<ReadContext, 'stateFolder' | 'log'>

/** Of all restores of this source. Without the list, names stay as they are, and nobody offers to undo or remove them. */
export async function readChangedNames({ stateFolder, log }: Folder): Promise<readonly ChangedNames[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(join(await stateFolder(), FILE), 'utf8')))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') log(`what restores have kept is not known: ${errorMessage(error)}`)
    return []
  }
}

/** @throws what the file system throws */
export async function noteChangedNames(changed: ChangedNames, context: Folder): Promise<void> {
  const path = join(await context.stateFolder(), FILE)
  const before = await readChangedNames(context)
  await writeFile(`${path}.new`, JSON.stringify([...before, changed].slice(-MOST)), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
