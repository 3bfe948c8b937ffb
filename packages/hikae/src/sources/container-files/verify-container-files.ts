import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, isKnownError } from '../../errors.ts'
import { noCounts, type TreeCounts } from '../counted-tree.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BytePath, bytePath, childPath, systemPath } from '../swap/byte-path.ts'
import type { ContainerFilesConfig } from './config.ts'
import { containerFacts, type SavedPath } from './container-facts.ts'

/** Restores everything into a scratch folder, where it is read back and compared, and counts what came of each path. */
export async function verifyContainerFiles(
  _config: ContainerFilesConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const folder = join(await context.scratchFolder(), 'restored')
  try {
    const { paths } = containerFacts(point)
    await point.writeTo(folder)
    const findings: Finding[] = []
    for (const saved of paths) {
      findings.push(...compare(saved, await countAt(bytePath(join(folder, saved.path)), context.signal)))
    }
    return findings
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function compare(saved: SavedPath, found: TreeCounts): Finding[] {
  const isSame = (['files', 'directories', 'others', 'bytes'] as const).every((what) => saved[what] === found[what])
  if (isSame) return []
  return [
    {
      severity: 'error',
      message: `of ${saved.path}, ${text(found)} came back, but ${text(saved)} were saved`,
      hint: 'run `hikae check --read-data` on the repository',
    },
  ]
}

function text({ files, directories, others, bytes }: TreeCounts): string {
  return `${files} files (${bytes} bytes), ${directories} folders and ${others} links and special files`
}

/** What is at a path and below; the content of a file with several names counts once, as when it was saved. */
async function countAt(top: BytePath, signal: AbortSignal): Promise<TreeCounts> {
  const counts = noCounts()
  const seen = new Set<bigint>()
  const left = [top]
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    signal.throwIfAborted()
    const found = await lstat(systemPath(path), { bigint: true })
    if (found.isDirectory()) {
      counts.directories++
      const names = await readdir(systemPath(path), { encoding: 'buffer' })
      for (const name of names) left.push(childPath(path, name.toString('latin1')))
    } else if (found.isFile()) {
      counts.files++
      if (found.nlink === 1n || !seen.has(found.ino)) counts.bytes += Number(found.size)
      if (found.nlink > 1n) seen.add(found.ino)
    } else counts.others++
  }
  return counts
}
