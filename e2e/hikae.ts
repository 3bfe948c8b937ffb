import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  isRoot,
  makeCheapRepository,
  runProcess,
  startProcess,
  type CheapRepositoryOptions,
  type ProcessOptions,
  type ProcessResult,
  type RunningProcess,
} from '@hikae/testkit'

/** The built program, as it is installed. */
export const PROGRAM = join(import.meta.dirname, '../packages/hikae/bin/hikae')

/** What checks have read is remembered here, and not where the person who runs the tests has it. */
const STATE = join(tmpdir(), 'hikae-e2e-state')

export const PASSWORD = 'correct horse battery staple'

export interface HikaeOptions {
  /** Where the repository lies; nothing is created. */
  readonly repository?: string
  readonly password?: string
  /** For every call. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Another program to run than the one of this checkout. */
  readonly program?: string
  readonly cwd?: string
  /** Without root's right to pass over the permissions of files; of no consequence to other users. */
  readonly obedient?: boolean
}

/** A message of `--json`. */
export type Message = Readonly<Record<string, unknown>>

/**
 * The built program on one repository. The password travels in the environment, and nothing of the environment that
 * Hikae or restic would read is inherited.
 */
export class Hikae {
  readonly repository: string
  readonly password: string
  readonly #options: HikaeOptions
  readonly #env: Record<string, string | undefined>

  constructor(options: HikaeOptions = {}) {
    this.repository = options.repository ?? ''
    this.password = options.password ?? PASSWORD
    this.#options = options
    const inherited = Object.keys(process.env).filter((name) => /^(HIKAE|RESTIC)_/.test(name))
    this.#env = {
      ...Object.fromEntries(inherited.map((name) => [name, undefined])),
      NO_COLOR: '1',
      // The tests' own: the program is to keep its compiled code as it does for users.
      NODE_COMPILE_CACHE: undefined,
      XDG_STATE_HOME: STATE,
      ...(options.repository === undefined ? {} : { HIKAE_REPOSITORY: options.repository }),
      HIKAE_PASSWORD: this.password,
      ...options.env,
    }
  }

  /** The same program with other options. */
  with(options: HikaeOptions): Hikae {
    return new Hikae({ ...this.#options, ...options, env: { ...this.#options.env, ...options.env } })
  }

  /** Any exit code is a result. */
  async run(args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    const { program, before } = this.#program()
    return await runProcess(program, [...before, ...args], this.#processOptions(options))
  }

  /** Has to succeed. */
  async ok(args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    const result = await this.run(args, options)
    if (result.exitCode === 0) return result
    const end = result.exitCode === null ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`
    throw new Error(`hikae ${args.join(' ')} ${end}\n${result.stderr.slice(-4000)}\n${result.stdout.slice(-2000)}`)
  }

  async start(args: readonly string[], options: ProcessOptions = {}): Promise<RunningProcess> {
    const { program, before } = this.#program()
    return await startProcess(program, [...before, ...args], this.#processOptions(options))
  }

  /** Messages of a command that has to succeed. */
  async messages(args: readonly string[], options: ProcessOptions = {}): Promise<Message[]> {
    return jsonLines((await this.ok(['--json', ...args], options)).stdout)
  }

  /** The one document that a command prints, which has to succeed. */
  async document<T = Message>(args: readonly string[], options: ProcessOptions = {}): Promise<T> {
    return JSON.parse((await this.ok(['--json', ...args], options)).stdout) as T
  }

  async init(args: readonly string[] = []): Promise<void> {
    await this.ok(['init', ...args])
  }

  /** For tests of something else: a repository whose password costs nothing to prove. */
  async initCheaply(options: CheapRepositoryOptions = {}): Promise<void> {
    await makeCheapRepository(this.repository, this.password, options)
  }

  /** @returns the summary */
  async backup(paths: readonly string[], args: readonly string[] = [], options: ProcessOptions = {}): Promise<Message> {
    const messages = await this.messages(['backup', ...args, '--', ...paths], options)
    return summaryOf(messages)
  }

  async restore(snapshot: string, target: string, args: readonly string[] = []): Promise<Message> {
    return summaryOf(await this.messages(['restore', snapshot, '--target', target, ...args]))
  }

  async check(args: readonly string[] = ['--read-data']): Promise<void> {
    await this.ok(['check', ...args])
  }

  async snapshots(args: readonly string[] = []): Promise<Message[]> {
    return await this.document<Message[]>(['snapshots', ...args])
  }

  /** Paths, in order. */
  async paths(snapshot = 'latest', args: readonly string[] = []): Promise<string[]> {
    const messages = await this.messages(['ls', snapshot, ...args])
    return messages.filter(({ message_type }) => message_type === 'node').map(({ path }) => String(path))
  }

  #program(): { program: string; before: readonly string[] } {
    const { program = PROGRAM, obedient = false } = this.#options
    if (!obedient || !isRoot()) return { program, before: [] }
    return { program: 'setpriv', before: ['--bounding-set=-dac_override,-dac_read_search', program] }
  }

  #processOptions(options: ProcessOptions): ProcessOptions {
    const { cwd } = this.#options
    return {
      timeoutMs: 150_000,
      ...(cwd === undefined ? {} : { cwd }),
      ...options,
      env: { ...this.#env, ...options.env },
    }
  }
}

/** Every line has to be JSON. */
export function jsonLines(text: string): Message[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Message)
}

function summaryOf(messages: readonly Message[]): Message {
  const summary = messages.find(({ message_type }) => message_type === 'summary')
  if (summary === undefined) throw new Error(`no summary among ${JSON.stringify(messages).slice(0, 1000)}`)
  return summary
}
