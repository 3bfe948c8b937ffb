import type { DockerImagesConfig } from '../docker-images/config.ts'
import { dockerImagesSource } from '../docker-images/docker-images-source.ts'
import type { DockerVolumesConfig } from '../docker-volumes/config.ts'
import { dockerVolumesSource } from '../docker-volumes/docker-volumes-source.ts'
import { filesSource } from '../files/files-source.ts'
import type { FilesConfig } from '../files/config.ts'
import type { SourceKind } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { ComposeConfig } from './config.ts'
import { type ComposeFacts, PROJECT_FOLDER } from './compose-facts.ts'
import { partPoint } from './part-point.ts'
import type { ProjectParts } from './project-parts.ts'

/** A part of a project that another kind saves and restores. */
export interface Part<Config = unknown> {
  readonly name: keyof ComposeFacts['parts']
  readonly kind: SourceKind<Config>
  readonly config: Config
}

/** In the order in which they are read: what is held still for it comes last. */
export function partsToRead({ paths, images, volumes }: ProjectParts, config: ComposeConfig): Part[] {
  return [
    ...(images.length > 0 ? [imagesPart(images, config)] : []),
    filesPart(paths, config),
    ...(volumes.length > 0 ? [volumesPart(volumes, config)] : []),
  ] as Part[]
}

export function filesPart(paths: readonly string[], { exclude }: Pick<ComposeConfig, 'exclude'>): Part<FilesConfig> {
  return {
    name: 'files',
    kind: filesSource,
    config: {
      paths: [...paths],
      include: [],
      exclude: [...exclude],
      excludeIfPresent: [],
      excludeCaches: false,
      oneFileSystem: false,
      verify: [],
      chunk: 'standard',
    },
  }
}

/** A part as a point has it. */
export function partOf(name: Part['name'], { parts }: Pick<ComposeFacts, 'parts'>, config: ComposeConfig): Part {
  const facts = parts[name] ?? {}
  switch (name) {
    case 'files':
      return filesPart(pathsIn(facts['paths']), config)
    case 'images':
      return imagesPart([], config)
    case 'volumes':
      return volumesPart(namesIn(facts['volumes']), config)
  }
}

/** The point of a part, as its kind left it. */
export function pointOfPart(point: SourcePoint, name: Part['name'], facts: ComposeFacts): SourcePoint {
  const own = facts.parts[name] ?? {}
  if (name === 'files') return partPoint(point, { facts: own, at: `/${PROJECT_FOLDER}` })
  return partPoint(point, { facts: own, only: TOP_FOLDERS[name] })
}

/** At the root of a snapshot of these kinds. */
const TOP_FOLDERS = { images: ['images', 'layers'], volumes: ['volumes'] } as const

export function volumesPart(names: readonly string[], config: ComposeConfig): Part<DockerVolumesConfig> {
  const { engine, quiesce, acceptLive } = config
  return {
    name: 'volumes',
    kind: dockerVolumesSource,
    config: { engine, names: [...names], exclude: [], quiesce, acceptLive: [...acceptLive], read: 'auto' },
  }
}

function imagesPart(references: readonly string[], { engine }: ComposeConfig): Part<DockerImagesConfig> {
  return {
    name: 'images',
    kind: dockerImagesSource,
    config: { engine, references: [...references], inUse: false, exclude: [] },
  }
}

/** Of volumes, in the facts that their kind left. */
function namesIn(volumes: unknown): string[] {
  return (volumes as readonly { readonly name: string }[]).map(({ name }) => name)
}

/** Of files, likewise. */
function pathsIn(paths: unknown): string[] {
  return (paths as readonly { readonly path: string }[]).map(({ path }) => path)
}
