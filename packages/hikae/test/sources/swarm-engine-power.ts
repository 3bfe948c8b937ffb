import { access, rename } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { TempDir, TestDocker } from '@hikae/testkit'

/** Programs that stop and start the engine of a test, which does it when they ask. */
export class EnginePower implements AsyncDisposable {
  readonly stop: readonly string[]
  readonly start: readonly string[]
  readonly #dir: TempDir
  readonly #docker: TestDocker
  readonly #end = new AbortController()
  readonly #served: Promise<void>
  /** What was asked for, in order. */
  readonly asked: string[] = []
  /** Whether the program that stops the engine ends when the engine has stopped. */
  readonly #stopEnds: boolean

  constructor(dir: TempDir, docker: TestDocker, { stopEnds = true }: { readonly stopEnds?: boolean } = {}) {
    this.#dir = dir
    this.#docker = docker
    this.#stopEnds = stopEnds
    this.stop = asking(dir.join('stop'))
    this.start = asking(dir.join('start'))
    this.#served = this.#serve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort()
    await this.#served
  }

  async #serve(): Promise<void> {
    while (!this.#end.signal.aborted) {
      if (await this.#take('stop')) {
        await this.#docker.kill()
        if (this.#stopEnds) await this.#done('stop')
      }
      if (await this.#take('start')) {
        await this.#docker.start()
        await this.#done('start')
      }
      await setTimeout(20)
    }
  }

  async #take(what: string): Promise<boolean> {
    const path = this.#dir.join(what)
    const isAsked = await access(path).then(
      () => true,
      () => false,
    )
    if (!isAsked) return false
    await rename(path, `${path}.taken`)
    this.asked.push(what)
    return true
  }

  async #done(what: string): Promise<void> {
    await rename(this.#dir.join(`${what}.taken`), this.#dir.join(`${what}.done`))
  }
}

/** Ends when it is done, or when the folder of the test is gone. */
function asking(path: string): string[] {
  const wait =
    'until [ -e "$1.done" ]; do sleep 0.02; [ -e "$1" ] || [ -e "$1.taken" ] || [ -e "$1.done" ] || exit 1; done'
  return ['sh', '-c', `rm -f "$1.done"; touch "$1"; ${wait}`, 'sh', path]
}
