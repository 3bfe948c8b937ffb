import type { BandwidthLimits, SnapshotId } from '@hikae/engine'
import type { JobRepositories, JobRepository } from '../../jobs/job-repositories.ts'
import { readMembers } from '../catch-up/member.ts'
import { catchUpAfterBackup, promiseCatchUp } from '../catch-up/with-backup.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { chooseByName } from '../repository/choose.ts'
import type { OpenedRepository } from '../repository/open-all.ts'
import { openChosen, type Session } from '../repository/session.ts'

/** Others must not be held up for longer by one that is in trouble. */
const PATIENCE_MS = 2 * 60_000

/** The repositories of the stack file, for runs: with the passwords that it names, with locks, and with the job's limits. */
export function repositoriesOfStack(
  globals: GlobalValues,
  context: CommandContext,
  limits: BandwidthLimits,
): JobRepositories {
  const sessions = new Map<JobRepository, OpenedRepository>()
  return {
    async open(name, mode, signal): Promise<JobRepository> {
      const named = await chooseByName(name, { kind: 'ask' }, globals, context)
      const chosen = { ...named, settings: { ...named.settings, limits: lesser(named.settings.limits, limits) } }
      const session = await openChosen(
        chosen,
        globals,
        { ...context, signal },
        { lock: mode, patienceMs: PATIENCE_MS, answersWithinMs: PATIENCE_MS },
      )
      const held = await readHeld(session)
      const repository: JobRepository = {
        name,
        ...held,
        repository: session.repository,
        lock: session.lock!,
        signal: session.signal,
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      }
      if (mode === 'shared') warnOfUnreadable(repository, context)
      sessions.set(repository, { chosen, session })
      return repository
    },
    async prepareCatchUp(repositories, tags) {
      const opened = repositories.map((repository) => ({ ...sessions.get(repository)!, held: repository.snapshots }))
      const { members } = await readMembers(opened, context)
      const own = members.map((member) => ({
        ...member,
        snapshots: member.snapshots.filter(({ tags: has = [] }) => tags.every((tag) => has.includes(tag))),
      }))
      await promiseCatchUp(own, context)
      return {
        bringLevel: async (names) =>
          await catchUpAfterBackup(
            own.filter(({ label }) => names.includes(label)),
            globals,
            context,
          ),
      }
    },
  }
}

/** @throws what keeps snapshots from being listed; the repository is closed then */
async function readHeld(session: Session): Promise<Pick<JobRepository, 'snapshots' | 'unreadable'>> {
  const unreadable: SnapshotId[] = []
  try {
    const snapshots = await session.repository.snapshots(session.signal, (id) => unreadable.push(id))
    return { snapshots, unreadable }
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

function warnOfUnreadable({ name, unreadable }: JobRepository, { out }: CommandContext): void {
  for (const id of unreadable) {
    out.warn(`snapshot ${shortId(id)} of ${printableText(name)} cannot be read: run \`hikae check\` on it`)
  }
}

function lesser(one: BandwidthLimits, two: BandwidthLimits): BandwidthLimits {
  const least = (name: keyof BandwidthLimits): Partial<BandwidthLimits> => {
    const given = [one[name], two[name]].filter((limit) => limit !== undefined)
    return given.length === 0 ? {} : { [name]: Math.min(...given) }
  }
  return { ...least('uploadBytesPerSecond'), ...least('downloadBytesPerSecond') }
}
