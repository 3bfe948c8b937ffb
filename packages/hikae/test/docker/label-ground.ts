import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { BASE_IMAGE, makeCheapRepository, makeTempDir, type TempDir, type TestDocker } from '@hikae/testkit'
import { runCommandLine } from '../../src/cli/run.ts'

const PASSWORD = 'correct horse battery staple'

export interface Printed {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What `hikae backup --json` prints of a run. */
export interface PrintedRun {
  readonly job: string
  readonly outcome: string
  readonly steps: readonly { readonly kind: string; readonly outcome: string; readonly message?: string }[]
  readonly sources: readonly { readonly source: string; readonly outcome: string; readonly files: number }[]
}

/** A stack whose containers bring sources in their labels, and the program on it. */
export class LabelGround implements AsyncDisposable {
  readonly dir: TempDir
  readonly docker: TestDocker
  #containers: string[] = []

  private constructor(dir: TempDir, docker: TestDocker) {
    this.dir = dir
    this.docker = docker
  }

  static async make(docker: TestDocker): Promise<LabelGround> {
    const dir = await makeTempDir()
    await makeCheapRepository(dir.join('usb'), PASSWORD)
    await mkdir(dir.join('uploads'))
    await writeFile(dir.join('uploads/photo'), 'photo')
    return new LabelGround(dir, docker)
  }

  /** @param lines of the stack file, besides its repository */
  async write(...lines: readonly string[]): Promise<void> {
    const repository = '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }'
    const text = ['version: 1', 'stack: shop', 'repositories:', repository, ...lines].join('\n')
    await writeFile(this.dir.join('hikae.yaml'), `${text}\n`)
  }

  /** `discover:` of this engine. @param more inside of it */
  discover(more = ''): string {
    return `discover: { engine: { host: '${this.docker.host}' }${more === '' ? '' : `, ${more}`} }`
  }

  /** Makes a container with a volume `NAME_data` that has one file. @param labels without `hikae.source.` */
  async container(name: string, labels: Readonly<Record<string, string>>, ...flags: string[]): Promise<void> {
    const given = Object.entries(labels).flatMap(([key, value]) => ['--label', `hikae.source.${key}=${value}`])
    await this.docker.docker(
      'create',
      '--name',
      name,
      ...given,
      '--volume',
      `${name}_data:/data`,
      ...flags,
      BASE_IMAGE,
      'true',
    )
    this.#containers.push(name)
    await this.fill(`${name}_data`, `content of ${name}`)
  }

  async fill(volume: string, content: string): Promise<void> {
    await mkdir(dirname(this.file(volume)), { recursive: true })
    await writeFile(this.file(volume), content)
  }

  /** The one file of a volume. */
  file(volume: string): string {
    return join(this.docker.dataRoot, 'volumes', volume, '_data/file')
  }

  /** Removes a container, and its volume too. */
  async remove(name: string): Promise<void> {
    await this.docker.docker('rm', '--force', name)
    await this.docker.docker('volume', 'rm', `${name}_data`)
    this.#containers = this.#containers.filter((other) => other !== name)
  }

  /** Runs the program. @param onOutput told of all that it has printed to stdout, whenever there is more */
  async hikae(
    args: readonly string[],
    options: {
      readonly signal?: AbortSignal
      readonly onOutput?: (stdout: string) => void
    } = {},
  ): Promise<Printed> {
    const printed = { stdout: '', stderr: '' }
    const stream = (name: 'stdout' | 'stderr') => ({
      write(chunk: string | Uint8Array) {
        printed[name] += chunk.toString()
        options.onOutput?.(printed.stdout)
        return true
      },
      once: () => undefined,
    })
    const stdin = new PassThrough()
    stdin.end()
    const exitCode = await runCommandLine([...args, '--config', this.dir.join('hikae.yaml')], {
      env: {
        ...{ PATH: process.env['PATH'], HIKAE_PASSWORD: PASSWORD, NO_COLOR: '1' },
        XDG_STATE_HOME: this.dir.join('state'),
        // The engine of whoever does not say another.
        DOCKER_HOST: this.docker.host,
      },
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      signal: options.signal ?? new AbortController().signal,
    })
    return { exitCode, ...printed }
  }

  /** Runs jobs. */
  async backup(...args: readonly string[]): Promise<Printed & { readonly runs: readonly PrintedRun[] }> {
    const printed = await this.hikae(['backup', '--json', ...args])
    const documents = printed.stdout.split('\n').filter((line) => line !== '')
    return { ...printed, runs: documents.map((line) => JSON.parse(line) as PrintedRun) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#containers) await this.remove(name)
    await this.dir[Symbol.asyncDispose]()
  }
}

/** Names of what a run saved, or tried to. */
export function savedBy(run: PrintedRun | undefined): string[] {
  return (run?.sources ?? []).map(({ source, outcome }) => `${source} ${outcome}`)
}

/** What a run tells about labels. */
export function toldBy(run: PrintedRun | undefined): string {
  return run?.steps.find(({ kind }) => kind === 'discover')?.message ?? ''
}
