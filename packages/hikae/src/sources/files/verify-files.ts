import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BytePath, bytePath, childPath, systemPath } from '../swap/byte-path.ts'
import type { FilesConfig } from './config.ts'
import { failedAssertions } from './files-assertion.ts'
import { filesFacts } from './files-facts.ts'

interface Counts {
  directories: number
  /** Files, links and special files. */
  others: number
}

/** Restores everything into a scratch folder, where it is read back and compared, counts what came, and looks for what has to be there. */
export async function verifyFiles(
  { verify }: Pick<FilesConfig, 'verify'>,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const folder = join(await context.scratchFolder(), 'restored')
  try {
    const facts = filesFacts(point)
    await point.writeTo(folder)
    const stated = { directories: facts.directories, others: facts.files + facts.others }
    const findings = compare(await countFolder(bytePath(folder), context.signal), await countPoint(point), stated)
    return [...findings, ...(await failedAssertions(verify, point, context))]
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Files may vanish after they were found, so fewer than stated are no error by themselves. */
function compare(restored: Counts, listed: Counts, stated: Counts): Finding[] {
  if (restored.others !== listed.others || restored.directories !== listed.directories) {
    const message = `${text(restored)} came back, but the snapshot has ${text(listed)}`
    return [{ severity: 'error', message, hint: 'run `hikae check --read-data` on the repository' }]
  }
  const isLost = listed.others === 0 && stated.others > 0
  if (!isLost && listed.others >= stated.others && listed.directories >= stated.directories) return []
  const message = `the snapshot has ${text(listed)}, but ${text(stated)} were found when it was made`
  const hint = 'they vanished or could not be read then, as the log of the run says, or the snapshot was changed since'
  return [{ severity: isLost ? 'error' : 'warning', message, hint }]
}

function text({ others, directories }: Counts): string {
  return `${others} files and ${directories} folders`
}

async function countPoint(point: SourcePoint): Promise<Counts> {
  const counts = { directories: 0, others: 0 }
  for await (const { path, type } of point.entries()) {
    if (path === '/' || type === 'socket') continue
    if (type === 'dir') counts.directories++
    else counts.others++
  }
  return counts
}

async function countFolder(folder: BytePath, signal: AbortSignal): Promise<Counts> {
  const counts = { directories: 0, others: 0 }
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    signal.throwIfAborted()
    for (const entry of await readdir(systemPath(next), { encoding: 'buffer', withFileTypes: true })) {
      if (!entry.isDirectory()) {
        counts.others++
        continue
      }
      counts.directories++
      folders.push(childPath(next, entry.name.toString('latin1')))
    }
  }
  return counts
}
