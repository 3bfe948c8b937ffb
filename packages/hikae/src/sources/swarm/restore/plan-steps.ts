import type { SwarmContents } from '../documents.ts'
import { referencesOf } from '../references.ts'
import { differences } from '../stable-json.ts'
import { type Change, createdOf, titleOf } from './change.ts'
import type { PlannedChanges } from './plan-changes.ts'

/** What a restore would do, for the person who decides. Names and fields, never what is in them. */
export function stepsOf(planned: PlannedChanges, wanted: SwarmContents, keptIn: string): string[] {
  const { changes, presentSecrets, absentSecrets } = planned
  const replaced = changes.filter(({ before }) => before !== null)
  const services = createdOf(changes, 'service')
  const started = wanted.services.filter(({ Name }) => services.includes(Name))
  const volumes = [...new Set(started.flatMap((service) => referencesOf(service).volumes))].toSorted()
  const jobs = started.filter(({ Mode }) => Mode?.ReplicatedJob || Mode?.GlobalJob).map(({ Name }) => Name)
  return [
    'read all of it from the repository before anything is changed',
    ...(changes.length === 0 ? ['everything is in the swarm already, as it was saved: nothing is changed'] : []),
    ...(replaced.length > 0 ? [`write down in ${keptIn} what is there now and will be changed`] : []),
    ...replaced.filter(({ object }) => object !== 'service').map(changed),
    ...made('networks', createdOf(changes, 'network')),
    ...made('configs', createdOf(changes, 'config')),
    ...made('secrets', createdOf(changes, 'secret')),
    ...(presentSecrets.length === 0
      ? []
      : [
          `use these secrets as they are there, since a swarm does not tell what is in them: ${presentSecrets.join(', ')}`,
        ]),
    ...(absentSecrets.length === 0
      ? []
      : [`leave out these secrets, whose values are not in the backup: ${absentSecrets.join(', ')}`]),
    ...replaced.filter(({ object }) => object === 'service').map(changed),
    ...(volumes.length === 0 || services.length === 0
      ? []
      : [
          `restore these volumes before, on the nodes that have them, since services start at once: ${volumes.join(', ')}`,
        ]),
    ...made('services', services),
    ...(jobs.length === 0 ? [] : [`these services are jobs, and run again: ${jobs.join(', ')}`]),
    ...planned.findings.map(({ message }) => message),
    ...(changes.some(({ object }) => object === 'service') ? ['wait until the tasks of these services run'] : []),
  ]
}

function made(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`make the ${what} ${names.join(', ')}`]
}

function changed(change: Change): string {
  const fields = differences(change.before, change.after)
  const named =
    fields.length <= 5 ? fields.join(', ') : `${fields.slice(0, 5).join(', ')} and ${fields.length - 5} more`
  return `change ${titleOf(change)} (${named})`
}
