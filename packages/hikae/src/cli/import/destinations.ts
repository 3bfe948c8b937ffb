import type { BackupTarget, StoredSnapshot } from '@hikae/engine'
import { printUnopened } from '../backup/report.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { printableMessage } from '../output/printable.ts'
import { type ChosenRepository, labelOf } from '../repository/choose.ts'
import { openAll } from '../repository/open-all.ts'
import type { Session } from '../repository/session.ts'
import type { ImportItem } from './item.ts'
import { importedBefore } from './known-imports.ts'

/** A repository that is imported into. */
export interface Destination {
  readonly label: string
  readonly session: Session
  /** Grows with what is imported, so that the next one finds its parent. */
  readonly snapshots: StoredSnapshot[]
  /** It is left alone after that. */
  error?: Error
}

/** All repositories of an import; disposing of it closes them. */
export class Destinations implements AsyncDisposable {
  readonly #all: readonly Destination[]
  readonly #owned: AsyncDisposableStack
  readonly #parseTime: (text: string) => bigint
  readonly #unopened: number

  constructor(
    all: readonly Destination[],
    owned: AsyncDisposableStack,
    { unopened, parseTime }: { unopened: number; parseTime: (text: string) => bigint },
  ) {
    this.#all = all
    this.#owned = owned
    this.#unopened = unopened
    this.#parseTime = parseTime
  }

  get several(): boolean {
    return this.#all.length > 1
  }

  /** Repositories that did not get what they should. */
  get failures(): number {
    return this.#unopened + this.#all.filter(({ error }) => error !== undefined).length
  }

  /** Those that have no snapshot of it, and work. */
  lacking(item: ImportItem, host: string): Destination[] {
    return this.#all.filter((destination) => !destination.error && !this.#known(destination, item, host))
  }

  /** The snapshot that is there already. */
  holding(item: ImportItem, host: string): StoredSnapshot | undefined {
    return this.#all.map((destination) => this.#known(destination, item, host)).find((found) => found !== undefined)
  }

  /** @throws the first of the errors */
  refuseWhenAllFailed(): void {
    const first = this.#all[0]?.error
    if (first && this.#all.every(({ error }) => error !== undefined)) throw first
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync()
  }

  #known({ snapshots }: Destination, item: ImportItem, host: string): StoredSnapshot | undefined {
    return importedBefore(item, host, snapshots, this.#parseTime)
  }
}

/**
 * Opens the repositories and reads their snapshots. One that cannot be opened does not keep the others from theirs.
 *
 * @throws the first error when none can be opened
 */
export async function openDestinations(
  chosen: readonly ChosenRepository[],
  globals: GlobalValues,
  context: CommandContext,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Destinations> {
  const { parseTime } = await import('@hikae/engine')
  await using opening = new AsyncDisposableStack()
  const access = { lock: 'shared', readOnly: dryRun } as const
  const { opened, failed } = await openAll(chosen, globals, context, () => access, opening)
  if (opened.length === 0) throw failed[0]!.error
  for (const { chosen: repository, error } of failed) {
    printUnopened({ repository: labelOf(repository), error }, context.out)
  }
  const all: Destination[] = []
  for (const { chosen: repository, session } of opened) {
    const warn = (_: string, error: Error): void => context.out.warn(printableMessage(error.message))
    const snapshots = await session.repository.snapshots(session.signal, warn)
    all.push({ label: labelOf(repository), session, snapshots: [...snapshots] })
  }
  return new Destinations(all, opening.move(), { unopened: failed.length, parseTime })
}

export function targetOf({ session: { repository, lock }, snapshots }: Destination): BackupTarget {
  return { repository, snapshots, ...(lock ? { signal: lock.signal, confirmLock: () => lock.confirm() } : {}) }
}
