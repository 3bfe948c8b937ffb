import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { startDaemon } from './daemon.ts'
import { BASE_IMAGE, makeBaseContext } from './docker/base-image.ts'
import { addDatabaseImage, type DatabaseImage } from './docker/database-images.ts'
import { BOX_INIT, BOX_NAMESPACES } from './docker/box.ts'
import { isRunning } from './process-tree.ts'
import { isExecutable, isRoot, missingPrograms } from './requirements.ts'
import { type ProcessOptions, type ProcessResult, runOk, runProcess } from './run-process.ts'
import { makeTempDir } from './temp-dir.ts'

export { BASE_IMAGE }

/** Debian's own client fits Debian's engine, whatever comes first on PATH. */
const CLIENT = '/usr/bin/docker'

/**
 * A real Docker Engine in a network and a process tree of its own: its containers, rules and interfaces end with it. Ports
 * that containers publish cannot be reached from outside; `docker exec` works. Paths that it speaks of, such as those of
 * volumes, are the same here.
 */
export interface TestDocker extends AsyncDisposable {
  /** `unix://…`, as `DOCKER_HOST` has it. */
  readonly host: string
  /** The same as a path. */
  readonly socket: string
  /** `/var/lib/docker` of this engine. */
  readonly dataRoot: string
  /** Runs Debian's client; it has to succeed. @returns what it printed, without the white space around it */
  docker(...args: string[]): Promise<string>
  /** The same with any end. */
  tryDocker(args: readonly string[], options?: ProcessOptions): Promise<ProcessResult>
  /** About 1 s. @returns the name of the image, such as `test/postgres:15`; see {@link whyNoDatabaseImage} */
  addDatabaseImage(image: DatabaseImage): Promise<string>
  /** The engine dies as from `kill -9`; containers go on until it comes back. */
  kill(): Promise<void>
  /** Starts it again after {@link TestDocker.kill}. */
  start(): Promise<void>
  /** Kills and starts it. */
  restart(): Promise<void>
  /** Has the engine stand still, as when its machine is short of everything; disposing of it lets it go on. */
  freeze(): Promise<Disposable>
  /** What the engine has logged. */
  log(): Promise<string>
}

export interface TestDockerOptions {
  /** Flags for dockerd besides ours. */
  readonly flags?: readonly string[]
  /** Whether {@link BASE_IMAGE} is there; true by default. */
  readonly hasBaseImage?: boolean
  /** A program with arguments that starts dockerd, in its own place: `['setpriv', '--bounding-set', '-dac_override']`. */
  readonly launcher?: readonly string[]
  /** A folder for all that it keeps; that for temporary files by default. */
  readonly parent?: string
}

/** Why {@link startDocker} cannot work here; undefined when it can. */
export async function whyNoDocker(): Promise<string | undefined> {
  if (!isRoot()) return 'a Docker Engine of our own needs root'
  if (!(await isExecutable(CLIENT))) return "Debian's docker.io is not installed"
  return await missingPrograms('dockerd', 'containerd', 'iptables', 'ip', 'unshare', 'busybox')
}

/** About 2 s. */
export async function startDocker({
  flags = [],
  hasBaseImage = true,
  launcher = [],
  parent,
}: TestDockerOptions = {}): Promise<TestDocker> {
  await using started = new AsyncDisposableStack()
  const dir = started.use(await makeTempDir(parent))
  const [socket, dataRoot, log, down] = ['docker.sock', 'data', 'dockerd.log', 'down'].map((name) =>
    dir.join(name),
  ) as [string, string, string, string]
  const host = `unix://${socket}`
  await mkdir(dataRoot)
  const dockerd = [
    ...launcher,
    ...['dockerd', '--host', host, '--data-root', dataRoot, '--storage-driver', 'overlay2', '--dns', '127.0.0.1'],
    ...flags,
  ]
  const box = await startDaemon('unshare', [...BOX_NAMESPACES, 'bash', '-c', BOX_INIT, 'box', ...dockerd], {
    log,
    env: { LOG: log, DOWN: down },
  })
  const init = await onlyChild(box.pid)
  started.defer(async () => {
    await box[Symbol.asyncDispose]()
    // What was mounted inside is gone with the last process.
    while (await isRunning(init)) await setTimeout(10)
  })
  const tryDocker: TestDocker['tryDocker'] = (args, options = {}) =>
    runProcess(CLIENT, args, { ...options, env: { ...clientEnvironment(host), ...options.env } })
  const isReady = async (): Promise<boolean> => (await tryDocker(['version'])).exitCode === 0
  const docker = async (...args: string[]): Promise<string> =>
    (await runOk(CLIENT, args, { env: clientEnvironment(host) })).stdout.trim()
  await box.waitUntil(isReady)
  if (hasBaseImage) await buildBaseImage(docker)

  const kill = async (): Promise<void> => {
    await writeFile(down, '')
    const engine = await onlyChild(init, 'dockerd')
    process.kill(engine, 'SIGKILL')
    while (await isRunning(engine)) await setTimeout(10)
  }
  const start = async (): Promise<void> => {
    await rm(down, { force: true })
    await box.waitUntil(isReady)
  }
  const owned = started.move()
  return {
    ...{ host, socket, dataRoot, docker, tryDocker, kill, start },
    addDatabaseImage: (image) => addDatabaseImage(docker, image),
    async restart() {
      await kill()
      await start()
    },
    async freeze() {
      const engine = await onlyChild(init, 'dockerd')
      process.kill(engine, 'SIGSTOP')
      return { [Symbol.dispose]: () => void process.kill(engine, 'SIGCONT') }
    },
    log: () => readFile(log, 'utf8'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function clientEnvironment(host: string): Record<string, string | undefined> {
  return { DOCKER_HOST: host, DOCKER_BUILDKIT: '0', DOCKER_CONTEXT: undefined, DOCKER_CONFIG: '/nonexistent' }
}

async function buildBaseImage(docker: TestDocker['docker']): Promise<void> {
  await using context = await makeTempDir()
  await makeBaseContext(context.path)
  await docker('build', '--quiet', '--tag', BASE_IMAGE, context.path)
}

/** Waits for a child of a process, of a certain name if one is given. */
async function onlyChild(pid: number, name?: string): Promise<number> {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean)
    for (const child of children.map(Number)) {
      if (name === undefined || (await readFile(`/proc/${child}/comm`, 'utf8')).trim() === name) return child
    }
    await setTimeout(5)
  }
  throw new Error(`process ${pid} has no child${name === undefined ? '' : ` named ${name}`}`)
}
