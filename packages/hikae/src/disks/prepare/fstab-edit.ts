import { randomBytes } from 'node:crypto'
import { copyFile, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'
import { DiskError } from '../disk-error.ts'
import { withLine } from '../fstab.ts'
import type { DiskSystem } from '../system.ts'

/**
 * Adds a line to the table of file systems: to a copy beside it, which findmnt judges and which then takes the table's
 * place in one step. What was there before is kept beside it.
 *
 * @param now part of the name of what is kept
 * @returns path of the table as it was before; undefined when there was none
 * @throws {DiskError} `FSTAB_REFUSED`: the new table is worse than the old one; nothing was changed
 */
export async function addFstabLine(
  fstab: string,
  line: string,
  { system, now }: { system: DiskSystem; now: Date },
): Promise<string | undefined> {
  const path = await withoutLinks(fstab)
  const before = await readIfThere(path)
  const copy = `${path}.hikae-${randomBytes(4).toString('hex')}`
  try {
    await writeLike(path, copy, withLine(before ?? '', line))
    const problemsBefore = before === undefined ? 0 : (await verify(path, system)).problems
    const { problems, said } = await verify(copy, system)
    if (problems > problemsBefore) throw refused(fstab, line, said)
    const kept = before === undefined ? undefined : `${path}.before-hikae-${now.toISOString().replace(/[:.]/g, '-')}`
    if (kept !== undefined) await copyFile(path, kept, constants.COPYFILE_EXCL)
    await rename(copy, path)
    await syncToDisk(dirname(path))
    return kept
  } finally {
    await rm(copy, { force: true })
  }
}

/** The machine's own table may have had faults for years: they are none of ours. */
async function verify(path: string, system: DiskSystem): Promise<{ problems: number; said: string }> {
  const { stdout, stderr, exitCode } = await system.run('findmnt', ['--verify', '--tab-file', path], {
    accepts: [0, 1],
  })
  const said = `${stdout}\n${stderr}`
  const [, parseErrors, errors] = /(\d+) parse errors?, (\d+) errors?/.exec(said) ?? []
  const counted = Number(parseErrors ?? 0) + Number(errors ?? 0)
  return { problems: exitCode === 0 ? counted : Math.max(1, counted), said }
}

function refused(fstab: string, line: string, said: string): DiskError {
  const why = said.split('\n').filter((text) => /\[E\]|parse error/.test(text))
  return new DiskError(
    'FSTAB_REFUSED',
    `findmnt does not accept ${fstab} with the line \`${line}\`: ${why.map((text) => text.trim()).join('; ')}`,
    `nothing was changed in ${fstab}; run \`findmnt --verify\` to see what is wrong with it`,
  )
}

async function writeLike(path: string, copy: string, text: string): Promise<void> {
  const like = await statIfThere(path)
  const file = await open(copy, 'wx', 0o644)
  try {
    await file.writeFile(text)
    if (like !== undefined) {
      await file.chown(like.uid, like.gid)
      await file.chmod(like.mode & 0o7777)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

const readIfThere = (path: string) => unlessMissing(() => readFile(path, 'utf8'))
const statIfThere = (path: string) => unlessMissing(() => stat(path))
const withoutLinks = async (path: string) => (await unlessMissing(() => realpath(path))) ?? path

async function unlessMissing<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
