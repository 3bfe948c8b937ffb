import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { PostgresConfig } from '../config.ts'
import { listDatabases } from '../server/database-row.ts'
import { dropDatabase, dropRoles } from './drop.ts'
import { openTarget } from './target.ts'
import { leftUnfinished, removeUnfinished, type Unfinished } from './unfinished.ts'

/**
 * Puts in order what a killed restore has left on the server. All databases take their place in one step: either that was
 * done, or what was built is removed.
 */
export async function settleRestores(config: PostgresConfig, context: ReadContext): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const unfinished of await leftUnfinished(context)) {
    findings.push(await settle(unfinished, config, context))
    await removeUnfinished(context, unfinished)
  }
  return findings
}

async function settle(unfinished: Unfinished, config: PostgresConfig, context: ReadContext): Promise<Finding> {
  await using postgres = await openTarget(unfinished.server ?? undefined, config, context)
  const present = new Set((await listDatabases(postgres)).map(({ name }) => name))
  const left = unfinished.databases.filter(({ building }) => present.has(building))
  const names = unfinished.databases.map(({ name }) => name).join(', ')
  const isDone = unfinished.databases.every(
    ({ name, keep }) => present.has(name) && (keep === null || present.has(keep)),
  )
  if (left.length === 0 && isDone) {
    return {
      severity: 'warning',
      message: `a restore of ${names} was interrupted at its very end: what is in place is what it has built`,
      hint: 'look whether all is well; `hikae restore SOURCE --undo` takes it back, where something was there before',
    }
  }
  for (const { building } of left) await dropDatabase(postgres, building)
  await dropRoles(postgres, unfinished.roles)
  return {
    severity: 'warning',
    message: `a restore of ${names} was interrupted before it replaced anything, and what it had built has been removed`,
    hint: 'restore again if it is still wanted',
  }
}
