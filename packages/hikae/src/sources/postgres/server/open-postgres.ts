import { resolve } from 'node:path'
import type { ClientOptions } from '../../../databases/clients.ts'
import { containerVariable } from '../../../databases/container-variable.ts'
import { openServer, type OpenServer, type Product, type ServerContext } from '../../../databases/open-server.ts'
import type { ServerConfig } from '../../../databases/server-schema.ts'
import type { RunningProgram } from '../../../process/program.ts'
import { connectionVariables } from './connection-variables.ts'
import { postgresError } from './postgres-error.ts'
import { findProgram, type ProgramName, versionOf } from './programs.ts'
import { asJson, connectionTo } from './sql.ts'
import { SqlSession } from './sql-session.ts'

const PRODUCT: Product = { name: 'PostgreSQL', protocols: ['postgres', 'postgresql'], port: 5432 }
/** Rows and nothing else; nothing of the user's settings is read; the first error is the end. */
const PSQL = ['-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1']
const TEXT_IN_UTF8 = { PGCLIENTENCODING: 'UTF8' }

export interface ServerVersion {
  /** `15.18 (Debian 15.18-0+deb12u1)` */
  readonly text: string
  /** `150018` */
  readonly number: number
  readonly major: number
}

export type Target = ServerConfig & {
  readonly maintenanceDatabase?: string | undefined
  readonly programs?: string | undefined
}

/** A PostgreSQL that answers. */
export class Postgres implements AsyncDisposable {
  readonly server: OpenServer
  readonly user: string
  /** Where to connect for what concerns the whole server. */
  readonly maintenance: string
  version: ServerVersion = { text: '', number: 0, major: 0 }
  readonly signal: AbortSignal
  readonly #folder: string | undefined
  readonly #variables: Readonly<Record<string, string>>
  readonly #psql: string
  readonly #found = new Map<ProgramName, Promise<string>>()

  private constructor(
    server: OpenServer,
    { psql, login, maintenance, folder }: Found,
    { source, signal }: ServerContext,
  ) {
    this.server = server
    this.signal = signal
    this.user = login.user
    this.maintenance = maintenance
    this.#folder = folder
    this.#psql = psql
    this.#variables = connectionVariables(server, login, source)
  }

  /** @throws {PostgresError | DockerError | InputError | UsageError} it cannot be reached, or does not let us in */
  static async open(config: Target, context: ServerContext): Promise<Postgres> {
    await using opening = new AsyncDisposableStack()
    const server = opening.use(await openServer(config, PRODUCT, context))
    const { programs } = config
    const folder =
      programs === undefined || server.container !== undefined ? undefined : resolve(context.folder, programs)
    const login = {
      user: server.user ?? (await containerVariable(server, ['POSTGRES_USER'], context.signal)) ?? 'postgres',
      password: server.password ?? (await containerVariable(server, ['POSTGRES_PASSWORD'], context.signal)),
    }
    const maintenance = config.maintenanceDatabase ?? server.url?.database ?? 'postgres'
    const psql = await findProgram(server.clients, 'psql', { folder })
    const postgres = new Postgres(server, { psql, login, maintenance, folder }, context)
    const asked = "select current_setting('server_version') as text, current_setting('server_version_num') as number"
    const [row] = await postgres.ask<{ text: string; number: string }>(asked, `reach PostgreSQL (${server.name})`)
    const number = Number(row!.number)
    postgres.version = { text: row!.text, number, major: Math.floor(number / 10_000) }
    opening.move()
    return postgres
  }

  /** The program of the server's version, or of a later one where there is no such. */
  async program(name: ProgramName): Promise<string> {
    const known = this.#found.get(name)
    if (known !== undefined) return await known
    const finding = findProgram(this.server.clients, name, { folder: this.#folder, major: this.version.major })
    this.#found.set(name, finding)
    return await finding
  }

  async programVersion(name: ProgramName): Promise<number> {
    return await versionOf(this.server.clients, await this.program(name), this.signal)
  }

  /** Rows of a query, over a connection of its own. */
  async ask<Row>(query: string, doing: string, database: string = this.maintenance): Promise<Row[]> {
    return JSON.parse(await this.#query(asJson(query), doing, database)) as Row[]
  }

  /** Statements in which nothing is secret, as one transaction where they can be one. */
  async run(statements: string, doing: string, database: string = this.maintenance): Promise<void> {
    await this.#query(statements, doing, database)
  }

  /** A script as psql takes it: also what must not be seen by others. */
  async feed(
    script: AsyncIterable<Uint8Array> | string,
    doing: string,
    { database = this.maintenance, signal = this.signal }: { database?: string; signal?: AbortSignal } = {},
  ): Promise<void> {
    const command = [this.#psql, ...PSQL, '-d', connectionTo(database), '-f', '-']
    const stdin = typeof script === 'string' ? oneChunk(script) : script
    try {
      const variables = { ...this.#variables, ...TEXT_IN_UTF8 }
      await this.server.clients.run(command, { variables, signal, stdin })
    } catch (error) {
      throw postgresError(doing, error)
    }
  }

  session(database: string = this.maintenance): SqlSession {
    const command = [this.#psql, ...PSQL, '-d', connectionTo(database), '-f', '-']
    const variables = { ...this.#variables, ...TEXT_IN_UTF8 }
    return new SqlSession((stdin) => this.server.clients.start(command, { variables, signal: this.signal, stdin }))
  }

  /** A program that connects: it is told who we are. */
  async start(
    name: ProgramName,
    args: readonly string[],
    options: Omit<ClientOptions, 'variables'>,
    through: readonly string[] = [],
  ): Promise<RunningProgram> {
    const command = [...through, await this.program(name), ...args]
    return this.server.clients.start(command, { ...options, variables: this.#variables })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }

  async #query(text: string, doing: string, database: string): Promise<string> {
    const command = [this.#psql, ...PSQL, '-d', connectionTo(database), '-c', text]
    const variables = { ...this.#variables, ...TEXT_IN_UTF8 }
    try {
      return await this.server.clients.run(command, { variables, signal: this.signal })
    } catch (error) {
      throw postgresError(doing, error)
    }
  }
}

interface Found {
  readonly psql: string
  readonly login: { readonly user: string; readonly password: string | undefined }
  readonly maintenance: string
  readonly folder: string | undefined
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
