import { stat } from 'node:fs/promises'
import { InputError } from '../../../errors.ts'
import type { KeptCopy, ReadContext, RestorePlan } from '../../source-kind.ts'
import type { SwarmConfig } from '../config.ts'
import { readConfigData, readLiveSwarm } from '../manager/live-swarm.ts'
import { type Manager, openManager } from '../manager/open-manager.ts'
import { differences, isSame } from '../stable-json.ts'
import { type Change, inverse, titleOf } from './change.ts'
import { type ChangeRecord, readRecords, removeRecord } from './change-record.ts'
import { makeChanges } from './make-changes.ts'

/** What restores in place have changed, newest first. */
export async function keptSwarms(config: SwarmConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  const records = await readRecords(await context.stateFolder())
  return records.map((record) => ({
    time: record.time,
    place: record.path,
    planUndo: (undoing) => planUndo(config, record, undoing),
    size: async () => (await stat(record.path)).size,
    remove: () => removeRecord(record),
  }))
}

async function planUndo(config: SwarmConfig, record: ChangeRecord, context: ReadContext): Promise<RestorePlan> {
  await using manager = await openManager(config, context)
  const changes = await stillToDo(inverse(record.changes), manager)
  const secrets = record.changes.filter(({ object }) => object === 'secret').map(({ name }) => name)
  return {
    steps: [
      ...(changes.length === 0
        ? ['everything is as it was before the restore: nothing is changed']
        : changes.map(stepOf)),
      ...(secrets.length === 0 ? [] : [`leave these secrets, which the restore has made: ${secrets.join(', ')}`]),
    ],
    async apply(signal) {
      const within = { ...context, signal: AbortSignal.any([context.signal, signal]) }
      await using again = await openManager(config, within)
      if (!isSame(await stillToDo(inverse(record.changes), again), changes)) {
        throw new InputError('the swarm has been changed since the undo was planned', {
          hint: 'look at the plan again',
        })
      }
      const made = await makeChanges(again, changes, within, async () => undefined)
      await removeRecord(record)
      return { place: `the swarm of ${again.api.engine.address}`, ...made }
    },
  }
}

/**
 * Without those that are undone already, as after a restore that did not come to its end.
 *
 * @throws {InputError} something is neither as the restore left it nor as it was before
 */
async function stillToDo(changes: readonly Change[], { api }: Manager): Promise<Change[]> {
  const live = await readLiveSwarm(api)
  const current = async ({ object, name, ...change }: Change): Promise<unknown> => {
    const { settings, nodes, networks, configs, services } = live.contents
    const named = <Document extends { readonly Name: string }>(documents: readonly Document[]): Document | null =>
      documents.find(({ Name }) => Name === name) ?? null
    switch (object) {
      case 'settings':
        return settings
      case 'node':
        return nodes.find(({ ID }) => 'id' in change && ID === change.id)?.Labels ?? null
      case 'network':
        return named(networks)
      case 'service':
        return named(services)
      case 'config': {
        const document = named(configs)
        const id = live.ids.configs.get(name)
        if (!document || id === undefined) return null
        return { document, data: (await readConfigData(api, name, id)).toString('base64') }
      }
      case 'secret':
        return null
    }
  }
  const left: Change[] = []
  for (const change of changes) {
    const now = await current(change)
    if (isAsWanted(change, now, change.after)) continue
    if (!isAsWanted(change, now, change.before)) throw changedSince(change, now)
    left.push(change)
  }
  return left
}

/** Of a network, addresses may be others: the swarm chooses them. */
function isAsWanted({ object }: Change, now: unknown, wanted: unknown): boolean {
  if (object !== 'network' || now === null || wanted === null) return isSame(now, wanted)
  return differences(now, wanted).every((path) => path.startsWith('IPAM.'))
}

function changedSince(change: Change, now: unknown): InputError {
  const how = now === null ? 'removed' : 'changed'
  return new InputError(`${titleOf(change)} has been ${how} since the restore, so it cannot be put back`, {
    hint: 'restore another point instead, or change it by hand: what was there is written down in the kept file',
  })
}

function stepOf(change: Change): string {
  if (change.after === null) return `remove ${titleOf(change)}, which the restore has made`
  if (change.before === null) return `make ${titleOf(change)} again`
  return `change ${titleOf(change)} back (${differences(change.before, change.after).slice(0, 5).join(', ')})`
}
