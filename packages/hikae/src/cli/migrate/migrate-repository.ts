import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckProgress } from '@hikae/engine'
import type { CommandContext } from '../context.ts'
import { formatDuration, formatQuantity } from '../output/format.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import type { Session } from '../repository/session.ts'
import { MIGRATIONS } from './migration-names.ts'

/** What can be done to a repository. */
export async function listMigrations({ repository }: Session, { out }: CommandContext): Promise<void> {
  const { applicableMigrations } = await import('@hikae/engine')
  const names = applicableMigrations(repository)
  if (out.json) {
    return out.document(names.map((name) => ({ name, description: MIGRATIONS[name] })))
  }
  for (const name of names) out.line(`${name}  ${MIGRATIONS[name]}`)
  if (names.length === 0) out.line('no migration applies: the repository has the newest format')
}

/** @throws {KnownError} something is wrong with the repository: nothing was changed */
export async function upgradeRepository({ repository, signal }: Session, { out }: CommandContext): Promise<void> {
  const { upgradeToVersion2 } = await import('@hikae/engine')
  await using copy = new ConfigCopy()
  const isChanged = await withProgress(out, VIEW, async (progress) =>
    upgradeToVersion2(repository, {
      keepConfig: (content) => copy.keep(content),
      signal,
      onProgress: (state) => progress.update(state),
    }),
  )
  copy.isNeeded = false
  if (out.json)
    return out.document({ message_type: 'migrated', name: 'upgrade_repo_v2', version: 2, changed: isChanged })
  if (!isChanged) return out.line('nothing to do: the repository has format version 2')
  out.line('the repository has format version 2 now: what is stored from now on is compressed')
  out.note('next: `hikae prune --repack-uncompressed` compresses what is stored already')
}

/** A copy of the config file, encrypted as it is, that outlives us only when something went wrong. */
class ConfigCopy implements AsyncDisposable {
  isNeeded = true
  #folder: string | undefined

  async keep(content: Uint8Array): Promise<string> {
    this.#folder = await mkdtemp(join(tmpdir(), 'hikae-migrate-'))
    const path = join(this.#folder, 'config')
    await writeFile(path, content, { mode: 0o600, flush: true })
    return path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder === undefined || this.isNeeded) return
    await rm(this.#folder, { recursive: true })
  }
}

const VIEW: ProgressView<CheckProgress> = {
  lines: (progress) => [describe(progress)],
  line: describe,
  json: ({ secondsElapsed, snapshots, treesDone, errors }) => ({
    seconds_elapsed: Math.floor(secondsElapsed),
    snapshots_checked: snapshots,
    trees_checked: treesDone,
    error_count: errors,
  }),
}

function describe({ secondsElapsed, snapshots, treesDone }: CheckProgress): string {
  const structure = `${formatQuantity(snapshots, 'snapshot')}, ${formatQuantity(treesDone, 'directory', 'directories')}`
  return `[${formatDuration(secondsElapsed)}] checked ${structure}`
}
