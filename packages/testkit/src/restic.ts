import { join } from 'node:path'
import { makeCheapRepository, makeKeyCheap, type CheapRepositoryOptions } from './cheap-repository.ts'
import { findProgram, isExecutable } from './requirements.ts'
import { runOk, runProcess, type ProcessOptions, type ProcessResult } from './run-process.ts'

/** A stock restic on this machine. */
export interface ResticBinary {
  readonly path: string
  /** For instance `0.18.0`. */
  readonly version: string
}

/** A snapshot as `restic snapshots --json` shows it; only what tests look at. */
export interface ResticSnapshot {
  readonly id: string
  readonly short_id: string
  readonly time: string
  readonly tree: string
  readonly paths: readonly string[]
  readonly hostname: string
  readonly username?: string
  readonly tags?: readonly string[]
  readonly parent?: string
  readonly original?: string
}

/** Where `script/fetch-program restic` puts Debian 13's restic. */
const FETCHED = join(import.meta.dirname, '../../../.cache/restic-0.18/usr/bin/restic')

/** Every stock restic that can be run here: `RESTIC`, PATH, and what `script/fetch-program restic` fetched; newest first. */
export async function availableRestics(): Promise<ResticBinary[]> {
  const candidates = [process.env['RESTIC'], await findProgram('restic'), FETCHED]
  const found = new Map<string, ResticBinary>()
  for (const path of new Set(candidates)) {
    if (path === undefined || path === '' || !(await isExecutable(path))) continue
    const { stdout } = await runProcess(path, ['version'])
    const version = /^restic (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
    if (version !== undefined && !found.has(version)) found.set(version, { path, version })
  }
  return [...found.values()].sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))
}

/** The newest restic that is at least `version`; undefined when there is none. */
export async function findRestic(version = '0.14.0'): Promise<ResticBinary | undefined> {
  const [newest] = await availableRestics()
  const isEnough = newest && newest.version.localeCompare(version, 'en', { numeric: true }) >= 0
  return isEnough ? newest : undefined
}

export interface ResticOptions {
  readonly binary: ResticBinary
  /** As restic's `--repo`. */
  readonly repository: string
  readonly password: string
  /** As restic's `--cache-dir`; without it nothing is cached. */
  readonly cacheFolder?: string
  /** For every call. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Stock restic on one repository. The password travels in the environment, nothing of restic's own environment or usual
 * cache is used, and every method but {@link Restic.run} throws when restic fails.
 */
export class Restic {
  readonly binary: ResticBinary
  readonly repository: string
  readonly #password: string
  readonly #cache: readonly string[]
  readonly #env: Record<string, string | undefined>

  constructor(options: ResticOptions) {
    this.binary = options.binary
    this.repository = options.repository
    this.#password = options.password
    this.#cache = options.cacheFolder === undefined ? ['--no-cache'] : ['--cache-dir', options.cacheFolder]
    const inherited = Object.keys(process.env).filter((name) => name.startsWith('RESTIC_'))
    this.#env = {
      ...Object.fromEntries(inherited.map((name) => [name, undefined])),
      RESTIC_PASSWORD: options.password,
      ...options.env,
    }
  }

  /** Any command; any exit code is a result. */
  run(args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    return runProcess(this.binary.path, this.#args(args), this.#options(options))
  }

  /** Any command that has to succeed. */
  ok(args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    return runOk(this.binary.path, this.#args(args), this.#options(options))
  }

  async init(args: readonly string[] = []): Promise<void> {
    await this.ok(['init', ...args])
  }

  /** restic's own `init`, after which each command takes a third of a second less. */
  async initWithCheapKey(args: readonly string[] = []): Promise<void> {
    await this.init(args)
    await makeKeyCheap(this.repository, this.#password)
  }

  /** An empty repository that {@link makeCheapRepository} makes. */
  async initCheaply(options: CheapRepositoryOptions = {}): Promise<void> {
    await makeCheapRepository(this.repository, this.#password, options)
  }

  /** @returns the new snapshot's id */
  async backup(paths: readonly string[], args: readonly string[] = [], options: ProcessOptions = {}): Promise<string> {
    const { stdout } = await this.ok(['backup', '--json', ...args, '--', ...paths], options)
    for (const message of jsonLines(stdout)) {
      if (message['message_type'] === 'summary') return String(message['snapshot_id'])
    }
    throw new Error(`restic backup printed no summary: ${stdout.slice(-500)}`)
  }

  async snapshots(args: readonly string[] = []): Promise<ResticSnapshot[]> {
    const { stdout } = await this.ok(['snapshots', '--json', ...args])
    return (JSON.parse(stdout) as ResticSnapshot[] | null) ?? []
  }

  async restore(snapshot: string, target: string, args: readonly string[] = []): Promise<void> {
    await this.ok(['restore', snapshot, '--target', target, ...args], { timeoutMs: 300_000 })
  }

  /** Throws with restic's output when it finds anything wrong. */
  async check(args: readonly string[] = ['--read-data']): Promise<ProcessResult> {
    return this.ok(['check', ...args], { timeoutMs: 300_000 })
  }

  /** One object per node, in restic's order. */
  async ls(snapshot: string, args: readonly string[] = []): Promise<Record<string, unknown>[]> {
    const { stdout } = await this.ok(['ls', '--json', snapshot, ...args])
    return jsonLines(stdout).filter((message) => message['struct_type'] === 'node')
  }

  /** Lines such as `+    /new/file`. */
  async diff(older: string, newer: string, args: readonly string[] = []): Promise<string[]> {
    const { stdout } = await this.ok(['diff', ...args, older, newer])
    return stdout.split('\n').filter((line) => /^[+\-MTU?]{1,2} +\//.test(line))
  }

  /** Raw bytes of an object: `cat('blob', id)`, `cat('config')`, `cat('tree', 'latest:/folder')`. */
  async cat(...what: readonly string[]): Promise<Buffer> {
    return (await this.ok(['cat', ...what])).stdoutBytes
  }

  #args(args: readonly string[]): string[] {
    return ['--repo', this.repository, ...this.#cache, ...args]
  }

  #options(options: ProcessOptions): ProcessOptions {
    return { timeoutMs: 120_000, ...options, env: { ...this.#env, ...options.env } }
  }
}

function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
