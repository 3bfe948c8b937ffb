import { tryLock } from '../../../docker/quiesce/container-lock.ts'
import { errorMessage } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { startEngine } from './engine-power.ts'
import { readStopRecord, removeStopRecord, STOP_LOCK } from './stop-record.ts'

/** Starts an engine that a killed run has left stopped; one that a living run has stopped is left alone. */
export async function settleRaft(context: ReadContext): Promise<readonly Finding[]> {
  const folder = await context.stateFolder()
  if (!(await readStopRecord(folder))) return []
  using lock = tryLock(folder, STOP_LOCK)
  const record = lock && (await readStopRecord(folder))
  if (!record) return []
  const left = `the Docker Engine, which a killed run had stopped at ${record.stoppedAt} to copy the state of its swarm`
  try {
    await startEngine({ engine: record.engine }, record, context)
    await removeStopRecord(folder)
    return [
      {
        severity: 'warning',
        message: `${left}, was started again`,
        hint: 'find out from `hikae history` what ended that run',
      },
    ]
  } catch (error) {
    return [
      {
        severity: 'error',
        message: `${left}, could not be started again: ${errorMessage(error)}`,
        hint: `start it by hand: ${record.start.join(' ')}`,
      },
    ]
  }
}
