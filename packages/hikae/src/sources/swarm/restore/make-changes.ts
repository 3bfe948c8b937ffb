import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { readLiveSwarm } from '../manager/live-swarm.ts'
import type { Manager } from '../manager/open-manager.ts'
import { differences } from '../stable-json.ts'
import { applyChanges, type ApplyOptions } from './apply-changes.ts'
import type { Change } from './change.ts'
import { removeRecord, writeRecord } from './change-record.ts'
import { waitForTasks } from './running-tasks.ts'

/** How changes went. */
export interface MadeChanges {
  /** Where that is written down which was there before, if anything was. */
  readonly kept?: string
  readonly findings: readonly Finding[]
}

/**
 * Writes changes down, makes them, compares, and waits for the tasks of services.
 *
 * @throws {DockerError} one of them failed; those before it were taken back
 */
export async function makeChanges(
  { api }: Pick<Manager, 'api'>,
  changes: readonly Change[],
  context: ReadContext,
  secretValue: ApplyOptions['secretValue'],
): Promise<MadeChanges> {
  if (changes.length === 0) return { findings: [] }
  const folder = await context.stateFolder()
  const time = new Date()
  const path = await writeRecord(folder, { time, changes })
  await applyChanges(api, changes, {
    secretValue,
    signal: context.signal,
    onTakenBack: () => removeRecord({ path }),
  })
  const { contents } = await readLiveSwarm(api)
  const actual = changes.map((change) =>
    change.object === 'service'
      ? { ...change, after: contents.services.find(({ Name }) => Name === change.name) ?? null }
      : change,
  )
  await writeRecord(folder, { time, changes: actual }, path)
  const services = changes.flatMap(({ object, after }) => (object === 'service' && after ? [after] : []))
  const findings = [
    ...changes.flatMap((change, at) => madeOtherwise(change, actual[at]!)),
    ...(await waitForTasks(api, services, context)),
  ]
  const isReplaced = changes.some(({ before }) => before !== null)
  return { ...(isReplaced ? { kept: path } : {}), findings }
}

function madeOtherwise(wanted: Change, actual: Change): Finding[] {
  const fields = differences(wanted.after, actual.after)
  if (fields.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `the service ${wanted.name} is not quite as it was saved: this engine made something else of ${fields.join(', ')}`,
      hint: `see \`docker service inspect ${wanted.name}\``,
    },
  ]
}
