import { resolve } from 'node:path'
import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import type { ComposeProject } from '../../docker/compose/project.ts'
import { isThere } from '../../is-there.ts'
import { namePattern } from '../docker-volumes/name-pattern.ts'
import { EXCLUDE_LABEL } from '../docker-volumes/select-volumes.ts'
import { isAnonymous, type Volume } from '../docker-volumes/volume.ts'
import type { Finding } from '../finding.ts'
import { isWithin } from '../swap/byte-path.ts'
import type { ComposeConfig } from './config.ts'

/** What of a project is saved, and what is not although it belongs to it. */
export interface ProjectParts {
  /** Absolute; one never lies in another. */
  readonly paths: readonly string[]
  /** As the engine calls them. */
  readonly volumes: readonly string[]
  /** References, or ids of images that lost their names. */
  readonly images: readonly string[]
  readonly findings: readonly Finding[]
}

/** Mounted by many, and the host's own. */
const OF_THE_SYSTEM = [
  '/etc/localtime',
  '/etc/timezone',
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/var/run',
  '/etc/hosts',
  '/etc/resolv.conf',
]

/** @param existing the engine's volumes */
export async function partsOf(
  project: ComposeProject,
  existing: readonly Volume[],
  config: ComposeConfig,
): Promise<ProjectParts> {
  const files = await filesOf(project, config)
  const volumes = config.volumes ? volumesOf(project, existing, config) : { volumes: [], findings: [] }
  const images = config.images ? [...new Set(project.containers.map(({ image }) => image))].toSorted() : []
  return { paths: files.paths, ...volumes, images, findings: [...files.findings, ...volumes.findings] }
}

async function filesOf(
  project: ComposeProject,
  config: ComposeConfig,
): Promise<{ paths: string[]; findings: Finding[] }> {
  const findings: Finding[] = []
  const paths = new Set<string>()
  for (const { path, isRequired } of project.files.files) {
    if (await isThere(path)) paths.add(path)
    else if (isRequired) findings.push({ severity: 'error', message: `${path}, which the project needs, is not there` })
  }
  for (const path of config.include) paths.add(resolve(project.folder, path))
  for (const source of bindsOf(project)) {
    if (isOfTheSystem(source) || config.acceptMissing.includes(source)) continue
    const isWanted = config.binds === 'all' || (config.binds === 'project' && isWithin(source, project.folder))
    if (!isWanted) findings.push(unsavedBind(source, project))
    else if (await isThere(source)) paths.add(source)
    else findings.push({ severity: 'error', message: `${source}, which a service mounts, is not there` })
  }
  const all = [...paths].toSorted()
  return { paths: all.filter((path) => !all.some((other) => other !== path && isWithin(path, other))), findings }
}

/** As the files say, and as containers have them: those may be older than the files. */
function bindsOf({ files, containers }: ComposeProject): string[] {
  const mounted = containers.flatMap(({ mounts }) => mounts.filter(({ type }) => type === 'bind'))
  return [...new Set([...files.binds, ...mounted].map(({ source }) => source))].toSorted()
}

function unsavedBind(source: string, { files, containers }: ComposeProject): Finding {
  const services = [
    ...files.binds.filter((bind) => bind.source === source).map(({ service }) => service),
    ...containers
      .filter(({ mounts }) => mounts.some((mount) => mount.source === source))
      .map(({ name, labels }) => labels[COMPOSE_LABELS.service] ?? name),
  ]
  return {
    severity: 'error',
    message: `${source}, which ${[...new Set(services)].join(' and ')} mounts, is not saved: it is outside of the project's folder`,
    hint: 'save it with `binds: all`, or as a source of its own and name it under `acceptMissing:`',
  }
}

function volumesOf(
  project: ComposeProject,
  existing: readonly Volume[],
  { acceptMissing, excludeVolumes }: ComposeConfig,
): { volumes: string[]; findings: Finding[] } {
  const volumes = new Set<string>()
  const findings: Finding[] = []
  const declared = new Set(project.files.volumes.map(({ name }) => name))
  for (const { name, labels } of existing) {
    const isOurs = labels[COMPOSE_LABELS.project] === project.name && !isAnonymous(name)
    if (isOurs || declared.has(name)) volumes.add(name)
  }
  for (const { name: container, labels, mounts } of project.containers) {
    for (const { type, name, destination } of mounts) {
      if (type !== 'volume' || name === undefined) continue
      const service = labels[COMPOSE_LABELS.service] ?? container
      if (!isAnonymous(name)) volumes.add(name)
      else if (!acceptMissing.includes(`${service}:${destination}`)) findings.push(anonymous(service, destination))
    }
  }
  const isExcluded = (name: string): boolean => excludeVolumes.some((pattern) => namePattern(pattern).test(name))
  const names = new Set(existing.map(({ name }) => name))
  for (const { key, name, isUsed } of project.files.volumes) {
    if (isUsed && !isExcluded(name) && !names.has(name) && ![key, name].some((each) => acceptMissing.includes(each))) {
      findings.push(absent(name))
    }
  }
  const isLeftOut = (name: string): boolean =>
    isExcluded(name) || existing.find((volume) => volume.name === name)?.labels[EXCLUDE_LABEL] === 'true'
  return { volumes: [...volumes].filter((name) => !isLeftOut(name)).toSorted(), findings }
}

function absent(name: string): Finding {
  return {
    severity: 'error',
    message: `the volume ${name}, which the project's files name, is not there`,
    hint: `bring it back with \`hikae restore\`, or accept that with \`acceptMissing: [${name}]\``,
  }
}

function anonymous(service: string, destination: string): Finding {
  return {
    severity: 'error',
    message: `${service} keeps ${destination} in a volume without a name, which is not saved: nothing could find it again`,
    hint: `give it a name in the Compose file (\`volumes: ['data:${destination}']\`), or accept that with \`acceptMissing: ['${service}:${destination}']\``,
  }
}

/** Whether a path is the host's own, and there on each. */
export function isOfTheSystem(path: string): boolean {
  return OF_THE_SYSTEM.some((own) => isWithin(path, own)) && !isWithin(path, '/run/media')
}
