import { createVolume, type Volume } from '../sources/docker-volumes/volume.ts'
import { InputError } from '../errors.ts'
import type { Finding } from '../sources/finding.ts'
import { bringImage, imageName } from './images.ts'
import { type Engines, MIGRATION_LABEL } from './migration.ts'
import { makeNetwork } from './networks.ts'
import { fillPlace } from './places/archive-place.ts'
import { folderState } from './places/folder-state.ts'
import { type CopiedPlace, copyLive, type PassOptions, type PlacePair } from './places/copy-place.ts'
import { type Place, placeName, wayTo } from './places/place.ts'
import type { MigrationPlan } from './plan.ts'
import type { MovedProject } from './subject.ts'
import type { MigrationJournal } from './unfinished/migration-journal.ts'

export interface BroughtOver {
  readonly copies: readonly { readonly pair: PlacePair; readonly copied: CopiedPlace }[]
  readonly findings: readonly Finding[]
}

export interface BringOptions extends PassOptions {
  /** Told what is being brought over. */
  readonly onDoing: (doing: string) => void
}

/** The first pass, while the source runs: images, networks, volumes, the project's folder. */
export async function bringOver(
  plan: MigrationPlan,
  engines: Engines,
  journal: MigrationJournal,
  options: BringOptions,
): Promise<BroughtOver> {
  const { images, helperImage, networks, volumes, subject } = plan
  for (const image of [...images, ...(helperImage ? [helperImage] : [])]) {
    if (image.isThere && image.missing.length === 0) continue
    options.onDoing(`the image ${imageName(image)}`)
    const { images: before, names } = journal.record
    await journal.note({ images: image.isThere ? before : [...before, image.id], names: [...names, ...image.missing] })
    await bringImage(engines, image, options)
  }
  const findings: Finding[] = []
  for (const network of networks) {
    if (!network.isThere) findings.push(...(await makeNetwork(engines.to, network, journal.record.id)))
  }
  const copies: { pair: PlacePair; copied: CopiedPlace }[] = []
  const copy = async (from: Place, to: Place): Promise<void> => {
    options.onDoing(`${placeName(from)}, while it is in use`)
    const pair = await pairOf(engines, from, to)
    const copied = await copyLive(pair, options)
    copies.push({ pair, copied })
    if (copied.lostAttributes > 0) findings.push(lostAttributes(from, copied.lostAttributes))
  }
  for (const { volume, isCopied } of volumes) {
    const made = await makeVolume(engines, volume, journal.record.id)
    if (isCopied) await copy({ kind: 'volume', volume }, { kind: 'volume', volume: made })
  }
  if (subject.project?.hasFolder) {
    const { folder, newFolder } = subject.project
    await makeFolder(engines, subject.project, journal, options.signal)
    await copy({ kind: 'folder', path: folder }, { kind: 'folder', path: newFolder })
  }
  return { copies, findings }
}

async function makeVolume({ to }: Engines, volume: Volume, migration: string): Promise<Volume> {
  const { name, driver, options } = volume
  return await createVolume(to, { name, driver, options, labels: { ...volume.labels, [MIGRATION_LABEL]: migration } })
}

/** @throws {InputError} somebody put something there since it was looked at */
async function makeFolder(
  { to }: Engines,
  { newFolder: path }: MovedProject,
  journal: MigrationJournal,
  signal: AbortSignal,
): Promise<void> {
  const { tarOfEntries } = await import('@hikae/engine')
  const state = await folderState(to, path, signal)
  if (state === 'full') {
    throw new InputError(`there is a folder ${path} at ${to.address} already, with something in it`, {
      hint: 'name another one with --folder, or move away what is there',
    })
  }
  await journal.note({ folder: { path, wasThere: state === 'empty' } })
  await fillPlace({ engine: to, place: { kind: 'folder', path }, signal }, tarOfEntries([]))
}

async function pairOf({ from, to }: Engines, source: Place, copy: Place): Promise<PlacePair> {
  return {
    from: { engine: from, place: source, way: await wayTo(from, source) },
    to: { engine: to, place: copy, way: await wayTo(to, copy) },
  }
}

function lostAttributes(place: Place, count: number): Finding {
  return {
    severity: 'warning',
    message: `${count} extended attributes in ${placeName(place)} did not come over: they have no content, or an equals sign in their names, which Docker loses`,
    hint: 'set them again on the other host if anything needs them',
  }
}
