import type { StepResult } from '../../jobs/steps.ts'
import type { ScheduledTask } from '../../maintenance/scheduled-task.ts'
import { standingDamage, taskHistory } from '../../maintenance/task-history.ts'
import { passedChecks } from '../check/last-check.ts'
import { packSizeOption } from '../pack-size.ts'
import { renewRetention } from '../prune/renew-retention.ts'
import { openRepositoryOfStack } from './open-repository.ts'
import { PutOffError } from './gives-way.ts'
import type { MaintenanceContext } from './run-maintenance.ts'

/** Prunes one repository, within the limits of `hikae prune` without options. */
export async function pruneTask(
  name: string,
  _task: ScheduledTask,
  maintenance: MaintenanceContext,
): Promise<StepResult<never>> {
  const { globals, runs, context } = maintenance
  const { planPrune, prune } = await import('@hikae/engine')
  const { env, out } = context
  await using session = await openRepositoryOfStack(name, { lock: 'exclusive', index: 'unloaded' }, maintenance)
  const { repository, lock, signal } = session
  const passed = await passedChecks(env, repository.config.id)
  if (standingDamage(taskHistory(runs, 'check', name), passed.all) !== undefined) {
    throw new PutOffError('put off: the last check has found damage, and nothing is removed before it is repaired', {
      hint: `repair it first, as hikae status says, and then run hikae check --read-data --repo ${name}`,
    })
  }
  const plan = await planPrune(repository, { ...packSizeOption(globals), signal })
  const report = await prune(repository, plan, {
    signal,
    ...(lock ? { confirmLock: () => lock.confirm() } : {}),
  })
  const isRetained = await renewRetention(repository, signal, out)
  const { removedPacks, removedBytes, repackedPacks, storedBytes, temporaryFiles } = report
  const freedBytes = Math.max(0, removedBytes + temporaryFiles.bytes - storedBytes)
  const facts = { removedPacks, repackedPacks, freedBytes }
  if (report.outcome === 'succeeded' && isRetained) return { facts }
  const left = [
    ...(report.failures.length > 0 ? [`${report.failures.length} packs could not be deleted`] : []),
    ...(report.leftForLackOfSpace.length > 0
      ? [`there was no room to rewrite ${report.leftForLackOfSpace.length} packs`]
      : []),
    ...(isRetained ? [] : ['the object lock was not extended for all files']),
  ]
  const hint = `nothing is damaged; free some space, or see what is in the way with hikae prune --repo ${name}`
  return { outcome: 'incomplete', message: left.join('; '), hint, facts }
}
