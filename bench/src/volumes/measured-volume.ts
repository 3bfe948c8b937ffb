import { mkdirSync } from 'node:fs'
import { startDocker, whyNoDocker } from '@hikae/testkit'
import { childrenOf, nameOf } from '../processes.ts'
import { type ArchiveProgram, importImage } from './archive-image.ts'

/** A volume of a Docker Engine of its own, and an image with the programs that archives are made with. */
export interface MeasuredVolume extends AsyncDisposable {
  readonly name: string
  /** Where its content lies. */
  readonly content: string
  /** As `DOCKER_HOST` has it. */
  readonly host: string
  readonly image: string
  /** Which of the programs that archives are made with are in the image, besides tar and gzip. */
  readonly programs: readonly ArchiveProgram[]
  /** The processes that containers run at the moment; the engine's own are not among them. */
  containerProcesses(): readonly number[]
}

/** There can be no Docker Engine here; the message tells why. */
export class EngineMissingError extends Error {
  override readonly name = 'EngineMissingError'
}

/**
 * Starts an engine and makes an empty volume.
 *
 * @param directory for all that the engine keeps; made
 * @throws {EngineMissingError}
 */
export async function openMeasuredVolume(directory: string): Promise<MeasuredVolume> {
  const reason = await whyNoDocker()
  if (reason !== undefined) throw new EngineMissingError(`no volume can be measured: ${reason}`)
  await using opening = new AsyncDisposableStack()
  mkdirSync(directory)
  const docker = opening.use(await startDocker({ parent: directory, hasBaseImage: false }))
  const { image, programs } = await importImage(docker, directory)
  const name = 'bench'
  await docker.docker('volume', 'create', name)
  const content = await docker.docker('volume', 'inspect', '--format', '{{.Mountpoint}}', name)
  const init = engineInit()
  const owned = opening.move()
  return {
    ...{ name, content, host: docker.host, image, programs },
    containerProcesses: () => childrenOf(init).filter(isShim).flatMap(childrenOf),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The first process of the machine within this one that the engine runs in; it gets the processes that nobody else has. */
function engineInit(): number {
  const [init] = childrenOf(process.pid)
    .filter((pid) => nameOf(pid) === 'unshare')
    .flatMap(childrenOf)
  if (init === undefined) throw new Error('the processes of the Docker Engine are not found')
  return init
}

/** What containers run is below a process of this name each. */
function isShim(pid: number): boolean {
  return nameOf(pid) === 'containerd-shim'
}
