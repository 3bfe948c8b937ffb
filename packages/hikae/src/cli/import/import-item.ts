import type { BackupReport, RepositoryReport } from '@hikae/engine'
import { printUnreadable } from '../backup/report.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { ownIdentity } from '../../identity.ts'
import { backupProgressView } from '../output/backup-progress.ts'
import { printableMessage } from '../output/printable.ts'
import { withProgress } from '../output/progress.ts'
import { packSizeOption } from '../pack-size.ts'
import { programVersion } from '../version.ts'
import { type Destination, type Destinations, targetOf } from './destinations.ts'
import type { ImportItem } from './item.ts'
import { importTags } from './known-imports.ts'
import { type OpenItem, openItem } from './open-item.ts'
import { unpackingView } from './unpacking-view.ts'

/** What holds for all items of a run. */
export interface ImportSettings {
  readonly host: string
  readonly tags: readonly string[]
  readonly scratch: string
  readonly globals: GlobalValues
}

/** How it went with one. */
export type ImportOutcome =
  | {
      readonly kind: 'imported'
      readonly report: BackupReport
      readonly remarks: readonly string[]
      /** A dump without a byte. */
      readonly isEmpty: boolean
      /** With several repositories results name theirs. */
      readonly several: boolean
    }
  /** No repository has a snapshot of it. */
  | { readonly kind: 'failed'; readonly error: Error }

/** Makes a snapshot of one in the repositories that lack it. What is wrong with it is an outcome: others go on. */
export async function importItem(
  item: ImportItem,
  { several }: Destinations,
  destinations: readonly Destination[],
  settings: ImportSettings,
  context: CommandContext,
): Promise<ImportOutcome> {
  try {
    const { out, signal } = context
    await using open = await withProgress(out, unpackingView(item), async (progress) =>
      openItem(item, { scratch: settings.scratch, signal, onUnpacked: (bytes) => progress.update(bytes) }),
    )
    const report = await store(item, open, destinations, settings, context)
    for (const [number, stored] of report.repositories.entries()) await noteStored(destinations[number]!, stored)
    return { kind: 'imported', report, remarks: open.remarks, isEmpty: open.wasEmpty(), several }
  } catch (error) {
    context.signal.throwIfAborted()
    return { kind: 'failed', error: error as Error }
  }
}

/** What was stored is to be known when the next one is read: a backup knows the blobs of the index as it was loaded. */
async function noteStored(destination: Destination, { snapshot, error }: RepositoryReport): Promise<void> {
  const { repository, signal } = destination.session
  if (error) destination.error = error
  if (!snapshot) return
  destination.snapshots.push(snapshot)
  try {
    await repository.loadIndex(signal)
  } catch (error) {
    destination.error = error as Error
  }
}

async function store(
  item: ImportItem,
  { root }: OpenItem,
  destinations: readonly Destination[],
  { host, tags, globals }: ImportSettings,
  { out, signal }: CommandContext,
): Promise<BackupReport> {
  const { backUp } = await import('@hikae/engine')
  const own = ownIdentity()
  return withProgress(out, backupProgressView(out), async (progress) =>
    backUp(root, destinations.map(targetOf), {
      hostname: host,
      username: own.username,
      uid: own.uid,
      gid: own.gid,
      tags: importTags(item, tags),
      paths: [item.place],
      excludes: [],
      programVersion: `hikae ${programVersion()}`,
      time: item.timeNs,
      ...(globals.compression === undefined ? {} : { compression: globals.compression }),
      ...packSizeOption(globals),
      verifyWrites: !globals.noExtraVerify,
      signal,
      onProgress: (state) => progress.update(state),
      onUnreadable: (problem) => printUnreadable(problem, out),
      onWarning: (message) => out.warn(printableMessage(message)),
    }),
  )
}
