import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '@hikae/engine'
import { tryLock } from '../../../docker/quiesce/container-lock.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import { errorMessage, InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { bytePath } from '../../swap/byte-path.ts'
import type { RaftConfig, SwarmConfig } from '../config.ts'
import { RAFT_FOLDER } from '../layout.ts'
import { readLiveSwarm } from '../manager/live-swarm.ts'
import { openManager } from '../manager/open-manager.ts'
import { refuseRunning, startEngine, stopEngine } from './engine-power.ts'
import { raftFindings } from './raft-findings.ts'
import { countRunning, waitForAsMany } from './running-services.ts'
import { removeStopRecord, STOP_LOCK, writeStopRecord } from './stop-record.ts'

/** A copy of the state directory of a manager. */
export interface CopiedRaft {
  /** Absent when something was in the way, and nothing was stopped. */
  readonly entry?: Entry
  /** What was in the way, or services that have not come back as they were. */
  readonly findings: readonly Finding[]
}

/**
 * Stops the engine, copies the state directory of its manager into the scratch folder, and starts the engine again,
 * whatever happens. That it is stopped is written down first, so that `settleRaft` can start it for a run that was killed.
 *
 * @throws {InputError} another run has it stopped
 * @throws {DockerError | ProgramFailedError} it could not be stopped, or does not come back
 */
export async function copyRaft(config: SwarmConfig, raft: RaftConfig, context: ReadContext): Promise<CopiedRaft> {
  const { before, inTheWay } = await prepare(config, context)
  if (inTheWay.length > 0) return { findings: inTheWay }
  const state = await context.stateFolder()
  const copy = join(await context.scratchFolder(), RAFT_FOLDER)
  using lock = tryLock(state, STOP_LOCK)
  if (!lock) throw new InputError('another run has the engine stopped at this moment', { hint: 'run it again later' })
  const { start, unlock } = raft
  const stoppedAt = new Date()
  const { engine } = config
  const when = { version: 1, stoppedAt: stoppedAt.toISOString() } as const
  await writeStopRecord(state, { ...when, ...(engine && { engine }), start, ...(unlock && { unlock }) })
  try {
    await stopEngine(config, raft.stop, context)
    await cp(raft.folder, copy, { recursive: true, preserveTimestamps: true })
    await refuseRunning(config, context)
  } finally {
    await startAgain(config, raft, context)
    await removeStopRecord(state)
  }
  context.log(`the engine was stopped for ${Math.ceil((Date.now() - stoppedAt.getTime()) / 1000)} s`)
  await using manager = await openManager(config, context)
  const findings = await waitForAsMany(manager.api, before, context.signal)
  return { entry: await entryOf(copy), findings }
}

/** @throws {DockerError} */
async function startAgain(config: SwarmConfig, raft: RaftConfig, context: ReadContext): Promise<void> {
  try {
    await startEngine(config, raft, context)
  } catch (error) {
    throw new DockerError(
      `the Docker Engine was stopped to copy the state of its swarm, and could not be started again: ${errorMessage(error)}`,
      { hint: `start it by hand: ${raft.start.join(' ')}. The next run tries it too`, cause: error },
    )
  }
}

interface Prepared {
  /** How many tasks of each service run. */
  readonly before: ReadonlyMap<string, number>
  readonly inTheWay: readonly Finding[]
}

async function prepare(config: SwarmConfig, context: ReadContext): Promise<Prepared> {
  await using manager = await openManager(config, context)
  const { contents } = await readLiveSwarm(manager.api)
  const inTheWay = await raftFindings(config, manager, contents)
  if (inTheWay.length === 0 && manager.managers === 2) {
    context.log('of two managers one is stopped: the swarm cannot be changed meanwhile')
  }
  return { before: await countRunning(manager.api), inTheWay }
}

async function entryOf(copy: string): Promise<Entry> {
  const { openTargets } = await import('@hikae/engine')
  const { root } = openTargets([RAFT_FOLDER], { workingDirectory: bytePath(join(copy, '..')) })
  for await (const entry of root.children(new AbortController().signal)) return entry
  throw new Error(`nothing was copied to ${copy}`)
}
