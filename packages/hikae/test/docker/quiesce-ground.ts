import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  BASE_IMAGE,
  makeTempDir,
  type RunningProcess,
  startDocker,
  startProcess,
  type TempDir,
  type TestDocker,
} from '@hikae/testkit'
import { Holder } from './quiesce-holder.ts'

/** Holds containers of an engine of its own. */
export class QuiesceGround extends Holder implements AsyncDisposable {
  readonly docker: TestDocker
  readonly dir: TempDir

  private constructor(docker: TestDocker, dir: TempDir) {
    super({ host: docker.host, folder: dir.path })
    this.docker = docker
    this.dir = dir
  }

  static async create(): Promise<QuiesceGround> {
    return new QuiesceGround(await startDocker(), await makeTempDir())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker[Symbol.asyncDispose]()
    await this.dir[Symbol.asyncDispose]()
  }

  /** A container that does nothing until it is told to end, which it does at once. */
  async run(name: string, ...options: string[]): Promise<string> {
    const settings = options.includes('--rm') ? options : ['--init', ...options]
    return await this.docker.docker('run', '--detach', '--name', name, ...settings, BASE_IMAGE, 'sleep', '10000')
  }

  /** Removes all containers, and what was logged. */
  async clear(): Promise<void> {
    const ids = (await this.docker.docker('ps', '--all', '--quiet')).split('\n').filter(Boolean)
    if (ids.length > 0) await this.docker.docker('rm', '--force', ...ids)
    this.logged.length = 0
  }

  /** Another process that holds containers until it is killed; it does so when it has printed `held`. */
  async startHolding(how: 'stop' | 'pause', ...names: string[]): Promise<RunningProcess> {
    const program = join(import.meta.dirname, 'hold-program.ts')
    const args = ['-C', '@hikae/source', program, this.docker.host, this.dir.path, how, ...names]
    return await startProcess('node', args)
  }

  async holdElsewhere(how: 'stop' | 'pause', ...names: string[]): Promise<RunningProcess> {
    const running = await this.startHolding(how, ...names)
    await running.printed('held')
    return running
  }

  async states(...names: string[]): Promise<string[]> {
    return await Promise.all(names.map((name) => this.state(name)))
  }

  /** `running`, `exited`, `paused`, … */
  async state(name: string): Promise<string> {
    return await this.docker.docker('inspect', '--format', '{{.State.Status}}', name)
  }
}

/** As from `kill -9`; waits for the end. */
export async function kill(running: RunningProcess): Promise<void> {
  running.kill('SIGKILL')
  await running.finished
}

/** Waits for something that will be so, for ten seconds at most. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never came to be so: ${condition.toString()}`)
    await sleep(20)
  }
}
