import { InputError, UsageError } from '../../errors.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { KeptCopy, ReadContext } from '../../sources/source-kind.ts'
import { formatTime } from '../output/format.ts'
import { parsePointInTime } from '../values/time.ts'

/**
 * What restores in place have kept of a source, newest first.
 *
 * @param at only those of that time and before, as `--at` has it
 * @throws {InputError} nothing is kept @throws {UsageError} `at` is no time
 */
export async function chooseKept(
  { name, kind, config }: JobSource,
  at: string | undefined,
  context: ReadContext,
): Promise<readonly KeptCopy[]> {
  const latest = at === undefined || at === 'latest' ? undefined : timeOf(at)
  if (!kind.kept) {
    throw new InputError(`nothing is kept of ${name}: a restore of the kind ${kind.name} replaces nothing itself`, {
      hint: `restore another point with \`hikae restore ${name} --at TIME\``,
    })
  }
  const all = await kind.kept(config, context)
  const [newest] = all
  if (!newest) {
    throw new InputError(`nothing is kept of ${name}`, {
      hint: 'only a restore in place keeps what it replaces, until --finish removes it',
    })
  }
  const chosen = latest === undefined ? all : all.filter(({ time }) => time.getTime() <= latest)
  if (chosen.length > 0) return chosen
  throw new InputError(`nothing is kept of ${name} from that time or before`, {
    hint: `the oldest that is kept is of ${formatTime(all.at(-1)!.time.toISOString())}`,
  })
}

/** @returns milliseconds since the epoch; a time without fractions means its whole second */
function timeOf(at: string): number {
  try {
    return Number(parsePointInTime(at) / 1_000_000n)
  } catch (error) {
    throw new UsageError(`'${at}' is no time`, {
      hint: "with --undo and --finish, --at is when the restore was, such as '2026-11-20 03:00:00'",
      cause: error,
    })
  }
}
