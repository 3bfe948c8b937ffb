import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { InputError } from '../../../errors.ts'
import type { ReadContext } from '../../source-kind.ts'
import { stampOf } from '../../swap/names.ts'
import { findImage, listImages, removeName, tagImage } from '../engine-images.ts'
import { canBeKept, keptNameOf, parseKeptName } from '../kept-name.ts'
import { shortImageId } from '../reference.ts'
import { noteChangedNames } from './changed-names.ts'

export interface WantedName {
  readonly name: string
  /** The image that is to have it; undefined when none is. */
  readonly id: string | undefined
}

export interface PlannedName extends WantedName {
  /** The image that has it now; undefined when none has. */
  readonly current: string | undefined
}

/** @throws {InputError} an image that loses its name could not be kept @throws {DockerError} */
export async function planNames(engine: DockerEngine, wanted: readonly WantedName[]): Promise<PlannedName[]> {
  const holders = await holdersOf(engine)
  const planned = wanted.map((each) => ({ ...each, current: holders.get(each.name) }))
  const tooLong = planned.find((each) => isTaken(each) && !canBeKept(each.name))
  if (!tooLong) return planned
  throw new InputError(`the tag of ${tooLong.name} is too long for the image that has it now to be kept beside it`, {
    hint: 'restore with `--to PREFIX`, or give the image that is there another name and remove this one',
  })
}

/** Whether an image loses the name. */
export function isTaken({ id, current }: PlannedName): boolean {
  return current !== undefined && current !== id
}

export function stepFor(planned: PlannedName): string {
  const { name, id, current } = planned
  const kept = `which is kept as ${name}.before-TIME`
  if (id === current) {
    return id === undefined
      ? `no image has the name ${name}`
      : `${name} is the name of the image ${shortImageId(id)} already`
  }
  if (current === undefined) return `give the image ${shortImageId(id!)} the name ${name}`
  if (id === undefined)
    return `take the name ${name}, which was not there, from the image ${shortImageId(current)}, ${kept}`
  return `move the name ${name} from the image ${shortImageId(current)}, ${kept}, to ${shortImageId(id)}; containers that are there go on with theirs`
}

/**
 * Gives images their names; each image that loses one is kept under another first.
 *
 * @returns names under which images are kept
 * @throws {DockerError} something has changed since it was planned, or the engine refuses
 */
export async function giveNames(
  engine: DockerEngine,
  planned: readonly PlannedName[],
  context: Pick<ReadContext, 'stateFolder' | 'log'>,
): Promise<string[]> {
  const holders = await holdersOf(engine)
  for (const each of planned) refuseChange(each, holders.get(each.name))
  const changes = planned.filter(({ id, current }) => id !== current)
  const moment = freeMoment([...holders.keys()])
  const added = changes.filter(({ current }) => current === undefined).map(({ name }) => name)
  const kept = changes.filter(({ current }) => current !== undefined).map(({ name }) => keptNameOf(name, moment))
  if (kept.length > 0) await noteChangedNames({ moment, added, kept }, context)
  for (const { name, id, current } of changes) {
    if (current !== undefined) await tagImage(engine, current, keptNameOf(name, moment))
    await (id === undefined ? removeName(engine, name) : tagImage(engine, id, name))
    refuseChange({ name, current: id }, (await findImage(engine, name))?.id)
  }
  return kept
}

async function holdersOf(engine: DockerEngine): Promise<Map<string, string>> {
  return new Map((await listImages(engine)).flatMap(({ id, tags }) => tags.map((name) => [name, id] as const)))
}

function refuseChange({ name, current }: Pick<PlannedName, 'name' | 'current'>, found: string | undefined): void {
  if (found === current) return
  throw new DockerError(`somebody else has changed what ${name} is the name of`, {
    hint: 'begin again; a build or a pull may be going on',
  })
}

/** Of several restores in one second, each gets a number. */
function freeMoment(names: readonly string[]): string {
  const taken = new Set(names.map((name) => parseKeptName(name)?.moment))
  const stamp = stampOf(new Date())
  let moment = stamp
  for (let number = 2; taken.has(moment); number++) moment = `${stamp}-${number}`
  return moment
}
