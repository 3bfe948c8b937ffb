import { basename, resolve } from 'node:path'
import { InputError } from '../../../errors.ts'
import type { ReadContext, RestoreOptions, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { type BytePath, bytePath } from '../../swap/byte-path.ts'
import { rememberCreated } from '../../swap/created-paths.ts'
import { stampOf } from '../../swap/names.ts'
import type { SqliteConfig } from '../config.ts'
import { type DatabaseFacts, factsOf } from '../facts.ts'
import { nameUsers, usersOf } from './open-files.ts'
import { isThere } from '../is-there.ts'
import { type Placement, placesAsBefore, placesBelow } from './placement.ts'
import { restoreElsewhere } from './restore-elsewhere.ts'
import { restoreInPlace } from './restore-in-place.ts'

/**
 * @throws {InputError} the point is of another make, one of its databases was damaged when it was saved and would replace
 *   another one, or something is in the way
 */
export async function planDatabases(
  _config: SqliteConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  context: ReadContext,
): Promise<RestorePlan> {
  const { databases } = await factsOf(point)
  if (to === undefined) return await planInPlace(databases, point, context)
  const placements = await placesBelow(databases, to, context.folder)
  const target = resolve(context.folder, to)
  return {
    steps: [
      ...placements.map(({ facts, place }) => `write ${title(facts, point)} to ${place}`),
      'check each of them with integrity_check, and compare it with what was saved',
    ],
    apply: (signal) => restoreElsewhere(placements, target, point, within(context, signal)),
  }
}

async function planInPlace(
  databases: readonly DatabaseFacts[],
  point: SourcePoint,
  context: ReadContext,
): Promise<RestorePlan> {
  const damaged = databases.find(({ damage }) => damage.length > 0)
  if (damaged) {
    throw new InputError(`${damaged.path} was damaged already when it was saved: ${damaged.damage[0]}`, {
      hint: 'choose an earlier point, or restore to another place with --to and save what can be read with `sqlite3 FILE .recover`',
    })
  }
  const placements = await placesAsBefore(databases)
  const steps: string[] = []
  for (const placement of placements) steps.push(...(await stepsFor(placement, point)))
  return {
    steps,
    async apply(signal) {
      const time = new Date()
      const created: BytePath[] = []
      for (const { place } of placements) if (!(await isThere(place))) created.push(bytePath(place))
      // Without anything that is kept, there is nothing to undo.
      if (created.length < placements.length) await rememberCreated(context, stampOf(time), created)
      return await restoreInPlace(placements, point, within(context, signal), time)
    },
  }
}

async function stepsFor({ facts, place }: Placement, point: SourcePoint): Promise<string[]> {
  const build = `build ${title(facts, point)} beside ${place}, check it with integrity_check, and compare it with what was saved`
  if (!(await isThere(place))) return [build, `put it at ${place}, where nothing is now`]
  const users = await usersOf([place])
  const writers = users.filter(({ access }) => access === 'write')
  const others = process.getuid?.() === 0 ? '' : '; who else than this user has it open cannot be seen without root'
  return [
    build,
    writers.length === 0
      ? `lock ${place}, and refuse to go on when a program has it open${others}`
      : `lock ${place}: ${nameUsers(writers)} has it open and has to be stopped before`,
    `keep the present one beside it as ${basename(place)}.before-<time>, and put the restored one in its place`,
  ]
}

function title({ path, sizeBytes }: DatabaseFacts, point: SourcePoint): string {
  return `${basename(path)} of ${point.time.toISOString()} (${sizeBytes} bytes)`
}

function within({ env, signal }: ReadContext, applied: AbortSignal): Pick<ReadContext, 'env' | 'signal'> {
  return { env, signal: AbortSignal.any([signal, applied]) }
}
