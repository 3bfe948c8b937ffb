import { join, relative, resolve } from 'node:path'
import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import { projectOf } from '../../docker/compose/project.ts'
import { listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, InputError } from '../../errors.ts'
import { planElsewhere as planVolumesElsewhere } from '../docker-volumes/restore/restore-elsewhere.ts'
import { removeVolume } from '../docker-volumes/volume.ts'
import { filesFacts, type SavedPath, statedPath } from '../files/files-facts.ts'
import { filesSource } from '../files/files-source.ts'
import type { ReadContext, Restored, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { isThere } from '../../is-there.ts'
import { isWithin, printablePath } from '../swap/byte-path.ts'
import { bytePath } from '../swap/byte-path.ts'
import { type ComposeFacts, PROJECT_FOLDER } from './compose-facts.ts'
import type { ComposeConfig } from './config.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { partPoint } from './part-point.ts'
import { filesPart, partOf, pointOfPart, volumesPart } from './parts.ts'
import { nameProject } from './project-name.ts'
import type { RestoreTarget } from './restore-target.ts'
import { type VolumeRenames, volumesNamedFor } from './volume-renames.ts'

/**
 * Into another folder, on this host or another one, under the same or another name. The engine's volumes are made new with
 * the labels by which Compose takes them for its own; nothing that is there is touched.
 *
 * @throws {InputError} a project of that name, one of the volumes or the folder is there already
 */
export async function planElsewhere(
  config: ComposeConfig,
  point: SourcePoint,
  facts: ComposeFacts,
  target: RestoreTarget,
  context: ReadContext,
): Promise<RestorePlan> {
  const name = target.name ?? facts.project.name
  await using engine = await openConfiguredEngine(config, context)
  await refuseIfThere(engine, name, target)
  const images = await planImages(config, point, facts, context)
  const own = facts.parts.volumes && pointOfPart(point, 'volumes', facts)
  const renames = own && volumesNamedFor(name, facts.project.name, own)
  const volumes = renames && (await planVolumes(config, own, renames, context))
  const files = await planFiles(config, point, facts, target, context)
  return {
    steps: [
      ...(images?.steps ?? []),
      ...(volumes?.steps ?? []),
      ...files.steps,
      `make Compose call it ${name} in ${target.folder}: with COMPOSE_PROJECT_NAME in its .env, if its files say otherwise`,
      `leave it to you to start it: \`cd ${target.folder} && docker compose up -d\``,
    ],
    async apply(signal) {
      const ended = [await images?.apply(signal), await volumes?.apply(signal)]
      try {
        ended.push(await files.apply(signal))
        await nameProject(name, target.folder, composeFilesIn(target.folder, facts))
      } catch (error) {
        if (renames) await removeMade(config, renames, context, error)
        throw error
      }
      return {
        place: `${target.folder}, as the project ${name}`,
        findings: ended.flatMap((each) => each?.findings ?? []),
      }
    },
  }
}

async function refuseIfThere(engine: DockerEngine, name: string, { folder }: RestoreTarget): Promise<void> {
  const there = (await listContainers(engine)).filter((container) => projectOf(container) === name)
  if (there.length === 0) return
  const services = there.map((container) => container.labels[COMPOSE_LABELS.service] ?? container.name).toSorted()
  throw new InputError(`a project ${name} is there already, with containers of ${services.join(', ')}`, {
    hint: `restore it under another name with \`--to ${name}-restored:${folder}\`, or in place, without --to`,
  })
}

async function planImages(
  config: ComposeConfig,
  point: SourcePoint,
  facts: ComposeFacts,
  context: ReadContext,
): Promise<RestorePlan | undefined> {
  if (facts.parts.images === undefined) return undefined
  const { kind, config: own } = partOf('images', facts, config)
  return await kind.planRestore(own, pointOfPart(point, 'images', facts), {}, context)
}

async function planVolumes(
  config: ComposeConfig,
  point: SourcePoint,
  { to, relabel }: VolumeRenames,
  context: ReadContext,
): Promise<RestorePlan> {
  return await planVolumesElsewhere(volumesPart([], config).config, point, to, context, relabel)
}

/** What was in the project's folder comes into the new one; what was elsewhere goes back there, where nothing is now. */
async function planFiles(
  config: ComposeConfig,
  point: SourcePoint,
  facts: ComposeFacts,
  { folder }: RestoreTarget,
  context: ReadContext,
): Promise<RestorePlan> {
  const whole = pointOfPart(point, 'files', facts)
  const { paths, ...counts } = filesFacts(whole)
  const home = bytePath(facts.project.folder)
  const view = (chosen: readonly SavedPath[]): SourcePoint =>
    partPoint(point, { facts: { ...counts, paths: chosen.map(statedPath) }, at: `/${PROJECT_FOLDER}` })
  const outside = paths.filter(({ path }) => !isWithin(path, home))
  const absent: SavedPath[] = []
  for (const saved of outside) if (!(await isThere(printablePath(saved.path)))) absent.push(saved)
  const own = filesPart([facts.project.folder], config).config
  const inside = await filesSource.planRestore(own, view([{ path: home, type: 'directory' }]), { to: folder }, context)
  const others = absent.length > 0 ? await filesSource.planRestore(own, view(absent), {}, context) : undefined
  const left = outside.filter((saved) => !absent.includes(saved)).map(({ path }) => printablePath(path))
  return {
    steps: [
      ...inside.steps,
      ...(others?.steps ?? []),
      ...(left.length > 0
        ? [`leave ${left.join(', ')} as it is: it is outside of the project's folder, and there`]
        : []),
    ],
    async apply(signal): Promise<Restored> {
      const first = await inside.apply(signal)
      const second = await others?.apply(signal)
      return { place: first.place, findings: [...first.findings, ...(second?.findings ?? [])] }
    },
  }
}

/** Without its files, Compose would start nothing with them, and the next try would find them in its way. */
async function removeMade(
  config: ComposeConfig,
  { names }: VolumeRenames,
  context: ReadContext,
  reason: unknown,
): Promise<void> {
  const signal = new AbortController().signal
  try {
    await using engine = await openConfiguredEngine(config, { ...context, signal })
    for (const name of names) await removeVolume(engine, name)
  } catch (error) {
    throw new InputError(`${errorMessage(reason)}; and what was made could not be removed: ${errorMessage(error)}`, {
      hint: `remove it with \`docker volume rm ${names.join(' ')}\`, and restore again`,
      cause: reason,
    })
  }
}

/** Those outside of the project's folder stay where they are. */
function composeFilesIn(folder: string, { project }: ComposeFacts): string[] {
  return project.composeFiles.map((path) => {
    const way = relative(project.folder, path)
    return way.startsWith('..') ? resolve(path) : join(folder, way)
  })
}
