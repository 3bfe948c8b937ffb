import type { Finding } from '../../sources/finding.ts'
import type { DockerEngine } from '../engine.ts'
import type { Quiesce } from '../quiesce/schema.ts'
import { type ContainerMount, type ContainerSummary, isAlive } from './container.ts'
import type { DatabaseProduct } from './database-image.ts'
import { databaseIn } from './database-in.ts'
import { findSqliteFiles } from './sqlite-files.ts'

/** Something that is to be copied, and who may write to it meanwhile. */
export interface SharedData {
  /** Of a volume: `pgdata`; for messages, and for accepting it by name. */
  readonly name: string
  /** In words: `the volume pgdata`. */
  readonly description: string
  readonly users: readonly ContainerSummary[]
  /** Where a container has it. */
  readonly mountedAt: (container: ContainerSummary) => readonly Pick<ContainerMount, 'destination' | 'isWritable'>[]
  /** Where its files can be read here. */
  readonly folder?: string
  /** Databases of SQLite in it, where only the reading has shown them; nothing else is looked for then. */
  readonly sqlite?: readonly string[]
}

export interface LiveDataQuestion {
  readonly data: readonly SharedData[]
  readonly how: Quiesce
  /** Whether a container is stopped or paused for it; by default each one that uses the data. */
  readonly isHeld?: (container: ContainerSummary) => boolean
  /** Names of containers or of data that may be copied while a database writes. */
  readonly acceptLive: readonly string[]
  readonly signal: AbortSignal
}

export interface LiveData {
  /**
   * `error`: a database writes while it is copied, which makes the reading incomplete. `warning`: it is frozen, and its
   * copy is as after a loss of power; for a plan to tell, since a reading that is like that is what was asked for.
   */
  readonly findings: readonly Finding[]
  /** What the stack file accepts, for the log. */
  readonly accepted: readonly string[]
}

/**
 * Which databases write to the data while it is copied in this way. Containers that are stopped for it write nothing.
 *
 * @throws {DockerError}
 */
export async function findLiveData(engine: DockerEngine, question: LiveDataQuestion): Promise<LiveData> {
  const { data, how, isHeld = () => true, acceptLive, signal } = question
  if (typeof how === 'object') return { findings: [], accepted: [] }
  const howOf = (container: ContainerSummary): Quiesce => (isHeld(container) ? how : 'none')
  const products = new Map<string, Promise<DatabaseProduct | undefined>>()
  const productOf = (container: ContainerSummary): Promise<DatabaseProduct | undefined> => {
    const known = products.get(container.id) ?? databaseIn(engine, container)
    products.set(container.id, known)
    return known
  }
  const findings: Finding[] = []
  const accepted: string[] = []
  for (const shared of data) {
    const writers = shared.users.filter(
      (container) => isWriter(container, shared) && !isStopped(container, howOf(container)),
    )
    for (const live of await databasesIn(shared, writers, productOf, signal)) {
      const own = howOf(live.container)
      const isAccepted = [shared.name, live.container.name].some((name) => acceptLive.includes(name))
      if (isAccepted) accepted.push(`${messageOf(live, own)}; the stack file accepts that`)
      else
        findings.push({ severity: isFrozen(live.container, own) ? 'warning' : 'error', ...wordsOf(live, own, isHeld) })
    }
  }
  return { findings, accepted }
}

interface LiveDatabase {
  readonly product: DatabaseProduct
  readonly container: ContainerSummary
  readonly shared: SharedData
  /** Of SQLite's databases: the first one, and how many more. */
  readonly file?: string
}

async function databasesIn(
  shared: SharedData,
  writers: readonly ContainerSummary[],
  productOf: (container: ContainerSummary) => Promise<DatabaseProduct | undefined>,
  signal: AbortSignal,
): Promise<LiveDatabase[]> {
  const found: LiveDatabase[] = []
  for (const container of shared.sqlite ? [] : writers) {
    const product = await productOf(container)
    if (product !== undefined) found.push({ product, container, shared })
  }
  if (found.length > 0 || writers.length === 0) return found
  const { folder, sqlite = folder === undefined ? [] : await findSqliteFiles(folder, signal) } = shared
  const [file, ...others] = sqlite
  if (file === undefined) return found
  const named = others.length === 0 ? file : `${file} and ${others.length} more`
  return [{ product: 'SQLite', container: writers[0]!, shared, file: named }]
}

/** Below these, database containers have no data, but scripts, certificates, dumps. */
const NO_DATA =
  /^\/(?:etc|run|tmp|var\/run|var\/log|var\/backups?|backups?|dumps?|certs?|ssl|docker-entrypoint-initdb\.d)(?:\/|$)/

function isWriter(container: ContainerSummary, { mountedAt }: SharedData): boolean {
  if (!isAlive(container)) return false
  return mountedAt(container).some(({ isWritable, destination }) => isWritable && !NO_DATA.test(destination))
}

/** One that is paused already stays so. */
function isStopped({ state }: ContainerSummary, how: Quiesce): boolean {
  return how === 'stop' && state !== 'paused'
}

function isFrozen({ state }: ContainerSummary, how: Quiesce): boolean {
  return how === 'pause' || state === 'paused'
}

/** Kinds of sources that copy a database while it runs. */
const OWN_KIND: Partial<Record<DatabaseProduct, string>> = {
  PostgreSQL: 'postgres',
  MySQL: 'mysql',
  MariaDB: 'mysql',
  Redis: 'redis',
  SQLite: 'sqlite',
}

function messageOf({ product, container, shared, file }: LiveDatabase, how: Quiesce): string {
  const what = file === undefined ? product : `the SQLite database ${file}`
  const where =
    file === undefined ? ` in the container ${container.name}` : `, which the container ${container.name} may write,`
  return isFrozen(container, how)
    ? `${what}${where} is only frozen while ${shared.description} is copied: restored, it has to recover as after a loss of power`
    : `${what}${where} is in use while ${shared.description} is copied: such a copy may be of no use`
}

function wordsOf(
  live: LiveDatabase,
  how: Quiesce,
  isHeld: (container: ContainerSummary) => boolean,
): Pick<Finding, 'message' | 'hint'> {
  const { product, container } = live
  const own = OWN_KIND[product]
  const better = own === undefined ? '' : `save it with a source of the kind ${own}, or `
  const stopping = isHeld(container)
    ? 'write `quiesce: stop`'
    : `save what ${container.name} shares with a source of the kind docker-volumes or compose, and \`quiesce: stop\``
  const hint = `${better}${stopping}; if it is meant to be so, \`acceptLive: [${container.name}]\``
  return { message: messageOf(live, how), hint }
}
