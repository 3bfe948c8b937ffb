import { isAlive, listContainers } from '../docker/containers/container.ts'
import { type Hold, holdContainers } from '../docker/quiesce/hold.ts'
import { InputError } from '../errors.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import { makeContainers } from './containers/make-containers.ts'
import { startContainers } from './containers/start-containers.ts'
import { bringOver } from './bring-over.ts'
import type { Surroundings } from './containers/container-settings.ts'
import type { Engines, MigrationProgress, MigrationReport } from './migration.ts'
import type { MigrationPlan } from './plan.ts'
import { copyStill } from './places/copy-place.ts'
import { placeName } from './places/place.ts'
import { removeSource } from './remove-source.ts'
import { MigrationJournal } from './unfinished/migration-journal.ts'
import { removeImage } from './unfinished/remove-made.ts'
import { notBack, undone } from './unfinished/undone.ts'

/** What a migration works with. */
export interface MigrationWork {
  readonly context: ReadContext
  readonly onProgress: (progress: MigrationProgress) => void
  readonly now: Date
}

/**
 * Carries a plan without obstacles out: copies while the source runs; stops it, brings over what changed, compares; starts the
 * other side, and waits until it is well. When anything fails, the source goes on and what was made is removed.
 *
 * @throws {InputError} it failed; says what became of both sides
 */
export async function migrate(plan: MigrationPlan, engines: Engines, work: MigrationWork): Promise<MigrationReport> {
  const { context } = work
  const [obstacle] = plan.obstacles
  if (obstacle) throw new InputError(obstacle.message, { hint: obstacle.hint })
  await using journal = await MigrationJournal.begin(
    { what: whatIsMoved(plan), to: engines.to.address, now: work.now },
    context.env,
  )
  const report = await moveOrUndo(plan, engines, work, journal)
  await journal.finish()
  return await withoutSource(plan, engines, report)
}

/** For messages: `the project shop` */
export function whatIsMoved({ subject: { project, volumes } }: MigrationPlan): string {
  if (project) return `the project ${project.name}`
  return `${volumes.length === 1 ? 'the volume' : 'the volumes'} ${volumes.map(({ name }) => name).join(', ')}`
}

async function moveOrUndo(
  plan: MigrationPlan,
  engines: Engines,
  work: MigrationWork,
  journal: MigrationJournal,
): Promise<MigrationReport> {
  try {
    const report = await move(plan, engines, work, journal)
    const { helperImage: helper } = plan
    if (helper) await removeImage(engines.to, helper.id)
    return report
  } catch (error) {
    throw await undone(engines, journal, work.context, error)
  }
}

async function move(
  plan: MigrationPlan,
  engines: Engines,
  { context, onProgress }: MigrationWork,
  journal: MigrationJournal,
): Promise<MigrationReport> {
  const { signal } = context
  const progress = { doing: '', bytes: 0 }
  const pass = {
    signal,
    onBytes: (bytes: number): void => {
      progress.bytes += bytes
      onProgress(progress)
    },
    onDoing: (doing: string): void => {
      progress.doing = doing
      onProgress(progress)
    },
  }
  const { copies, findings } = await bringOver(plan, engines, journal, pass)
  const hold = await holdContainers(engines.from, plan.subject.writers, 'stop', context)
  await using _held = hold
  const stoppedAt = performance.now()
  try {
    for (const { pair, copied } of copies) {
      pass.onDoing(`what has changed in ${placeName(pair.from.place)}`)
      await copyStill(pair, copied, pass)
    }
    await refuseDisturbance(plan, engines, hold)
    if (plan.subject.project)
      await makeContainers(engines.to, plan.subject.project, await around(plan, engines, journal), signal)
    const released = plan.source === 'runs' ? await hold.release() : undefined
    const started = await start(plan, engines, journal, pass)
    const cutOverSeconds = secondsSince(stoppedAt)
    if (!released) await hold.leave()
    const { project } = plan.subject
    return {
      volumes: plan.subject.volumes.map(({ name }) => name),
      images: plan.images.filter(({ isThere }) => !isThere).map(({ id }) => id),
      networks: plan.networks.filter(({ isThere }) => !isThere).map(({ info }) => info.Name),
      containers: project?.containers.map(({ summary }) => summary.name) ?? [],
      bytes: progress.bytes,
      stoppedSeconds: released?.seconds ?? (hold.containers.length > 0 ? secondsSince(stoppedAt) : 0),
      ...(started.length > 0 ? { cutOverSeconds } : {}),
      stopped: released ? [] : hold.containers,
      findings: [...findings, ...(released?.findings ?? [])],
    }
  } catch (error) {
    throw await notBack(hold, error)
  }
}

async function start(
  { subject: { project } }: MigrationPlan,
  { to }: Engines,
  journal: MigrationJournal,
  { signal, onDoing }: { readonly signal: AbortSignal; readonly onDoing: (doing: string) => void },
): Promise<readonly string[]> {
  if (!project) return []
  await journal.note({ isStarting: true })
  onDoing(`the start of ${project.name}`)
  return await startContainers(to, project, signal)
}

/** @throws {InputError} somebody started what was to stand still: what was copied may not be of one moment */
async function refuseDisturbance(
  { subject: { writers } }: MigrationPlan,
  { from }: Engines,
  hold: Hold,
): Promise<void> {
  const [disturbance] = await hold.disturbances()
  if (disturbance)
    throw new InputError(disturbance.message, { hint: 'find out from `docker events` what happened to it' })
  const ids = new Set(writers.filter(({ state }) => state !== 'paused').map(({ id }) => id))
  const alive = (await listContainers(from)).filter((container) => ids.has(container.id) && isAlive(container))
  if (alive.length === 0) return
  throw new InputError(`${alive.map(({ name }) => name).join(', ')} was started while the last changes were copied`, {
    hint: 'find out what starts it (systemd, an orchestrator), and let that stop it before the migration',
  })
}

async function around(
  { subject: { project }, images }: MigrationPlan,
  { from }: Engines,
  journal: MigrationJournal,
): Promise<Surroundings> {
  const { Name = '' } = (await from.ask('ask Docker about its host', (api) => api.info())) as { Name?: string }
  return {
    folder: project!.folder,
    newFolder: project!.newFolder,
    images: new Map(images.map(({ id, names, known }) => [id, [...names, ...known]])),
    names: new Map(project!.containers.map(({ summary: { id, name } }) => [id, name])),
    hostName: Name,
    migration: journal.record.id,
  }
}

async function withoutSource(
  plan: MigrationPlan,
  { from }: Engines,
  report: MigrationReport,
): Promise<MigrationReport> {
  if (plan.source !== 'removed') return report
  return { ...report, findings: [...report.findings, ...(await removeSource(from, plan))] }
}

function secondsSince(moment: number): number {
  return Math.round(performance.now() - moment) / 1000
}
