import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError } from '../../errors.ts'
import { isThere } from '../../is-there.ts'
import {
  type ComposeDocument,
  type ComposeMount,
  type ComposeService,
  contentOf,
  readComposeDocument,
} from './compose-document.ts'
import { parseEnvFile } from './env-file.ts'
import type { Variables } from './interpolate.ts'

/** What a project's files say about it. */
export interface ComposeFiles {
  /** From `name:`, `COMPOSE_PROJECT_NAME`, or the folder. */
  readonly name: string
  /** All files that the project is made of, absolute, each once. */
  readonly files: readonly ProjectFile[]
  /** Folders and files of the host that services mount. */
  readonly binds: readonly ProjectBind[]
  readonly volumes: readonly ProjectVolume[]
  readonly services: readonly ProjectService[]
}

export interface ProjectFile {
  readonly path: string
  readonly role: 'compose' | 'env' | 'config' | 'secret'
  /** False for an env file that may be absent. */
  readonly isRequired: boolean
}

export interface ProjectBind {
  readonly service: string
  /** Absolute. */
  readonly source: string
  readonly target: string
}

export interface ProjectVolume {
  /** As the files call it. */
  readonly key: string
  /** As the engine calls it. */
  readonly name: string
  /** It belongs to somebody else. */
  readonly isExternal: boolean
  /** A service that is started without being asked for by its profile has it mounted. */
  readonly isUsed: boolean
}

export interface ProjectService {
  readonly name: string
  readonly image?: string
}

/** In Compose's own order. */
const DEFAULT_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
/** Deeper than anybody would nest them; files that include each other in a circle end here. */
const DEEPEST = 20

/** The files that `docker compose` would use in a folder by itself; none when there are none. */
export async function defaultComposeFiles(folder: string): Promise<string[]> {
  const first = await firstThere(DEFAULT_FILES.map((name) => join(folder, name)))
  if (first === undefined) return []
  const overrides = DEFAULT_FILES.map((name) => name.replace(/\.(ya?ml)$/, '.override.$1'))
  const override = await firstThere(overrides.map((name) => join(folder, name)))
  return override === undefined ? [first] : [first, override]
}

async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isThere(path)) return path
  return undefined
}

export interface ReadComposeOptions {
  /** Where relative paths begin; the folder of the first file by default. */
  readonly folder?: string
  /** The name, where it is known already. */
  readonly name?: string
  /** Those that Compose was given instead of `.env`; absolute. */
  readonly envFiles?: readonly string[]
  /** Of whoever runs Compose; they win over those of env files. */
  readonly env: Variables
}

/**
 * Reads a project from its files, as Compose would: several files, `include`, `extends`, `.env` and variables.
 *
 * @param paths absolute
 * @throws {InputError} a Compose file cannot be read or understood
 */
export async function readComposeFiles(paths: readonly string[], options: ReadComposeOptions): Promise<ComposeFiles> {
  const [first] = paths
  if (first === undefined) throw new InputError('a project has at least one Compose file')
  const folder = options.folder ?? dirname(first)
  const collector = new Collector(options.env)
  await collector.addProject(paths, folder, options.envFiles ?? [])
  const name = options.name ?? options.env['COMPOSE_PROJECT_NAME'] ?? collector.name ?? normalName(basename(folder))
  return { name, ...collector.collected(name) }
}

/** What Compose makes of a folder's name. */
export function normalName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
}

type DeclaredVolume = Omit<ProjectVolume, 'name' | 'isUsed'> & { readonly name: string | undefined }

class Collector {
  name: string | undefined
  readonly #env: Variables
  readonly #files = new Map<string, ProjectFile>()
  readonly #binds = new Map<string, ProjectBind>()
  readonly #volumes = new Map<string, DeclaredVolume>()
  readonly #mounted = new Set<string>()
  readonly #services = new Map<string, ProjectService>()

  constructor(env: Variables) {
    this.#env = env
  }

  collected(project: string): Omit<ComposeFiles, 'name'> {
    return {
      files: [...this.#files.values()],
      binds: [...this.#binds.values()],
      volumes: [...this.#volumes.values()].map((volume) => ({
        ...volume,
        name: volume.name ?? (volume.isExternal ? volume.key : `${project}_${volume.key}`),
        isUsed: this.#mounted.has(volume.key),
      })),
      services: [...this.#services.values()],
    }
  }

  /** @param envFiles instead of the folder's `.env` */
  async addProject(paths: readonly string[], folder: string, envFiles: readonly string[], depth = 0): Promise<void> {
    if (depth > DEEPEST) throw new InputError(`${paths[0]} includes itself, or too many others`)
    const variables = await this.#variablesOf(folder, envFiles)
    if (depth === 0) this.name = variables['COMPOSE_PROJECT_NAME']
    for (const path of paths) {
      this.#addFile(path, 'compose')
      const document = await readComposeDocument(path, variables)
      if (depth === 0) this.name ??= document.name
      for (const included of document.include ?? []) {
        const inner = included.path.map((each) => resolve(folder, each))
        const innerFolder =
          included.projectDirectory === undefined ? dirname(inner[0]!) : resolve(folder, included.projectDirectory)
        const innerEnv = included.envFile.map((each) => resolve(folder, each))
        await this.addProject(inner, innerFolder, innerEnv, depth + 1)
      }
      await this.#addDocument(document, path, folder, variables)
    }
  }

  async #variablesOf(folder: string, envFiles: readonly string[]): Promise<Variables> {
    const paths = envFiles.length > 0 ? envFiles : [join(folder, '.env')]
    let variables: Record<string, string> = {}
    for (const path of paths) {
      if (envFiles.length === 0 && !(await isThere(path))) continue
      this.#addFile(path, 'env')
      variables = { ...variables, ...parseEnvFile(await contentOf(path), { ...variables, ...this.#env }) }
    }
    return { ...variables, ...this.#env }
  }

  async #addDocument(document: ComposeDocument, path: string, folder: string, variables: Variables): Promise<void> {
    for (const [name, service] of Object.entries(document.services ?? {})) {
      if (service) await this.#addService(name, service, { path, folder, variables })
    }
    for (const [key, volume] of Object.entries(document.volumes ?? {})) {
      // What one file says, another need not repeat.
      const known = this.#volumes.get(key)
      this.#volumes.set(key, {
        key,
        name: volume?.name ?? known?.name,
        isExternal: isYes(volume?.external) || known?.isExternal === true,
      })
    }
    for (const [role, objects] of [
      ['config', document.configs],
      ['secret', document.secrets],
    ] as const) {
      for (const object of Object.values(objects ?? {})) {
        if (object?.file !== undefined) this.#addFile(resolve(folder, object.file), role)
      }
    }
  }

  async #addService(name: string, service: ComposeService, from: ServicePlace, depth = 0): Promise<void> {
    if (depth > DEEPEST) throw new InputError(`the service ${name} in ${from.path} extends itself`)
    await this.#addBase(name, service, from, depth)
    const image = service.image ?? this.#services.get(name)?.image
    this.#services.set(name, { name, ...(image === undefined ? {} : { image }) })
    for (const { path, isRequired } of service.env_file ?? []) {
      this.#addFile(resolve(from.folder, path), 'env', isRequired)
    }
    const isStarted = (service.profiles ?? []).length === 0
    for (const mount of service.volumes ?? []) {
      this.#addMount(name, mount, from.folder)
      if (isStarted && mount.type === 'volume' && mount.source !== undefined) this.#mounted.add(mount.source)
    }
  }

  /** Its paths begin at its own folder. */
  async #addBase(name: string, { extends: base }: ComposeService, from: ServicePlace, depth: number): Promise<void> {
    if (base?.file === undefined) return
    const path = resolve(from.folder, base.file)
    this.#addFile(path, 'compose')
    const { services } = await readComposeDocument(path, from.variables)
    const service = services?.[base.service]
    if (!service) throw new InputError(`the service ${name} extends ${base.service} of ${path}, where it is not`)
    await this.#addService(name, service, { path, folder: dirname(path), variables: from.variables }, depth + 1)
  }

  #addMount(service: string, { type, source, target }: ComposeMount, folder: string): void {
    if (type !== 'bind' || source === undefined) return
    const path = source.startsWith('~') ? join(homedir(), source.slice(1)) : resolve(folder, source)
    this.#binds.set(`${service}\0${target}`, { service, source: path, target })
  }

  #addFile(path: string, role: ProjectFile['role'], isRequired = true): void {
    const known = this.#files.get(path)
    if (!known || (isRequired && !known.isRequired)) this.#files.set(path, { path, role, isRequired })
  }
}

interface ServicePlace {
  readonly path: string
  readonly folder: string
  readonly variables: Variables
}

/** `external: true`, or the object of older files. */
function isYes(external: unknown): boolean {
  return external !== undefined && external !== null && external !== false
}
