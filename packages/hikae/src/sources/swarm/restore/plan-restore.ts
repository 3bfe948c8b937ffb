import { resolve } from 'node:path'
import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, Restored, RestoreOptions, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { SwarmConfig } from '../config.ts'
import { stacksOf } from '../documents.ts'
import { readConfigData, readLiveSwarm } from '../manager/live-swarm.ts'
import { type Manager, openManager } from '../manager/open-manager.ts'
import { readSavedSwarm, type SavedSwarm } from '../saved-swarm.ts'
import { selectStacks } from '../select-stacks.ts'
import { differences, isSame } from '../stable-json.ts'
import { titleOf } from './change.ts'
import { makeChanges } from './make-changes.ts'
import { type PlannedChanges, planChanges, type Side } from './plan-changes.ts'
import { stepsOf } from './plan-steps.ts'
import { planFolder } from './restore-folder.ts'

const STACK = 'stack:'

/**
 * In place, into the swarm of the engine; what is missing of one stack, with `stack:NAME`; anything else is a folder.
 *
 * @throws {InputError} something in the swarm is in the way @throws {DockerError} the engine manages no swarm
 */
export async function planSwarmRestore(
  config: SwarmConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  context: ReadContext,
): Promise<RestorePlan> {
  const saved = await readSavedSwarm(point)
  if (to !== undefined && !to.startsWith(STACK)) return await planFolder(resolve(context.folder, to), saved, point)
  const wanted = to === undefined ? saved : oneStack(saved, to.slice(STACK.length))
  await using manager = await openManager(config, context)
  const planned = await planFor(wanted, manager)
  const keptIn = await context.stateFolder()
  return {
    steps: stepsOf(planned, wanted.contents, keptIn),
    apply: (signal) =>
      restore(config, wanted, planned, { ...context, signal: AbortSignal.any([context.signal, signal]) }),
  }
}

function oneStack(saved: SavedSwarm, name: string): SavedSwarm {
  const there = stacksOf(saved.contents)
  if (!there.includes(name)) {
    throw new InputError(`there is no stack ${name} in the point`, {
      hint: there.length === 0 ? 'there are no stacks in it' : `there are ${there.join(', ')}`,
    })
  }
  const contents = selectStacks(saved.contents, [name])
  // What is of the whole swarm is not the stack's.
  const nodes = contents.nodes.map((node) => ({ ...node, Labels: {} }))
  return { ...saved, contents: { ...contents, nodes }, isPart: true }
}

/** @throws {InputError} something is in the way */
async function planFor(wanted: SavedSwarm, { api }: Manager): Promise<PlannedChanges> {
  const { contents, ids } = await readLiveSwarm(api)
  const live: Side = { contents, configData: (name) => readConfigData(api, name, ids.configs.get(name) ?? name) }
  const side = wanted.isPart ? { ...wanted, contents: { ...wanted.contents, settings: contents.settings } } : wanted
  const planned = await planChanges(side, live)
  const [first, ...others] = [...planned.refusals, ...(wanted.isPart ? replacements(planned) : [])]
  if (!first) return planned
  const more = others.map(({ message }) => `; ${message}`).join('')
  throw new InputError(`${first.message}${more}`, { hint: first.hint! })
}

/** Another place that is named is one where nothing is yet. */
function replacements({ changes }: PlannedChanges): Finding[] {
  return changes
    .filter(({ before }) => before !== null)
    .map((change) => ({
      severity: 'error',
      message: `${titleOf(change)} is there, and is another one (${differences(change.before, change.after).join(', ')})`,
      hint: 'remove it, or restore without --to: that changes it back, and writes down what was there',
    }))
}

async function restore(
  config: SwarmConfig,
  wanted: SavedSwarm,
  planned: PlannedChanges,
  context: ReadContext,
): Promise<Restored> {
  await using manager = await openManager(config, context)
  for (const name of wanted.values) await wanted.secretValue(name)
  const { changes, findings, absentSecrets } = await planFor(wanted, manager)
  if (!isSame(changes, planned.changes)) {
    throw new InputError('the swarm has been changed since the restore was planned', { hint: 'look at the plan again' })
  }
  for (const name of absentSecrets) context.log(`the secret ${name} is not restored: its value is not in the backup`)
  const made = await makeChanges(manager, changes, context, async (name) =>
    wanted.values.has(name) ? await wanted.secretValue(name) : undefined,
  )
  return {
    place: `the swarm of ${manager.api.engine.address}`,
    ...(made.kept === undefined ? {} : { kept: made.kept }),
    findings: [...findings, ...made.findings],
  }
}
