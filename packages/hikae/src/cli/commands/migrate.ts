import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckProgress, MigrationName } from '@hikae/engine'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { formatDuration, formatQuantity } from '../output/format.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { openSession, type Session } from '../repository/session.ts'

/** By restic's names. */
const SUMMARIES: Readonly<Record<MigrationName, string>> = {
  upgrade_repo_v2: 'upgrade the repository to format version 2, which compresses',
}

export const migrate = command({
  name: 'migrate',
  group: 'Keep house',
  summary: 'Upgrade a repository to a newer format',
  description:
    'Without a name, lists the migrations that can be applied to the repository. The repository is checked first, and nothing ' +
    'is changed when anything is wrong with it. After upgrade_repo_v2, restic before version 0.14 cannot open the repository; ' +
    'what is stored is compressed by hikae prune --repack-uncompressed.',
  arguments: [{ name: 'MIGRATION', help: 'what to do', choices: Object.keys(SUMMARIES) }],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['migrate', 'what can be done'],
    ['migrate upgrade_repo_v2', 'to format version 2'],
  ],
  async run({ globals, args: [name] }, context) {
    if (name !== undefined && !Object.hasOwn(SUMMARIES, name)) {
      throw new UsageError(`there is no migration called '${name}'`, {
        hint: 'run `hikae migrate` to see what there is',
      })
    }
    const access =
      name === undefined ? ({ lock: 'none' } as const) : ({ lock: 'exclusive', index: 'unloaded' } as const)
    await using session = await openSession(globals, context, access)
    if (name === undefined) await list(session, context)
    else await upgrade(session, context)
    return EXIT.succeeded
  },
})

async function list({ repository }: Session, { out }: CommandContext): Promise<void> {
  const { applicableMigrations } = await import('@hikae/engine')
  const names = applicableMigrations(repository)
  if (out.json) {
    return out.document(names.map((name) => ({ name, description: SUMMARIES[name] })))
  }
  for (const name of names) out.line(`${name}  ${SUMMARIES[name]}`)
  if (names.length === 0) out.line('no migration applies: the repository has the newest format')
}

async function upgrade({ repository, signal }: Session, { out }: CommandContext): Promise<void> {
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
