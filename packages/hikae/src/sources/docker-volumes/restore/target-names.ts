import { InputError } from '../../../errors.ts'

/** A volume of the snapshot, and the name that it gets. */
export interface VolumeTarget {
  readonly saved: string
  readonly name: string
}

const NAME = /^[a-zA-Z0-9][\w.-]*$/

/**
 * What `--to` says of volumes: the new name of one (`NEW`); one for each, where `*` stands for the old (`restored-*`); or only
 * some of several (`OLD=NEW,OLD2=NEW2`).
 *
 * @param saved names in the snapshot
 * @throws {InputError} it says it not, or not for all
 */
export function targetNames(to: string, saved: readonly string[]): readonly VolumeTarget[] {
  const targets = to.includes('=') ? namedPairs(to, saved) : oneOrAll(to, saved)
  for (const { name } of targets) {
    if (!NAME.test(name)) throw new InputError(`'${name}' cannot be the name of a volume`, { hint: choices(saved) })
  }
  const names = targets.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return targets
  throw new InputError(`two volumes would become ${twice}`, { hint: choices(saved) })
}

function namedPairs(to: string, saved: readonly string[]): VolumeTarget[] {
  return to.split(',').map((pair) => {
    const [old = '', name = '', ...rest] = pair.trim().split('=')
    if (rest.length > 0 || name === '') throw new InputError(`'${pair}' is not OLD=NEW`, { hint: choices(saved) })
    if (saved.includes(old)) return { saved: old, name }
    throw new InputError(`the snapshot has no volume ${old}`, { hint: `it has ${saved.join(', ')}` })
  })
}

function oneOrAll(to: string, saved: readonly string[]): VolumeTarget[] {
  if (saved.length > 1 && !to.includes('*')) {
    throw new InputError(`${saved.length} volumes cannot all become ${to}: ${saved.join(', ')}`, {
      hint: choices(saved),
    })
  }
  return saved.map((old) => ({ saved: old, name: to.replaceAll('*', () => old) }))
}

function choices(saved: readonly string[]): string {
  const [first = 'OLD'] = saved
  return `write --to NEW for one volume, --to 'restored-*' for all of them, or --to ${first}=NEW for some; names have letters, digits, \`_\`, \`.\` and \`-\``
}
