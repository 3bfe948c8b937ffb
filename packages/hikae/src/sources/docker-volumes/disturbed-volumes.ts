import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { persistentEngine } from '../../docker/quiesce/persistent-engine.ts'
import type { Quiesce } from '../../docker/quiesce/schema.ts'
import type { Finding } from '../finding.ts'
import { ranBetween, type VolumeWriter, writersNow } from './volume-writers.ts'
import type { Volume } from './volume.ts'

/** While containers are stopped, an engine that cannot be reached is waited for so long. */
const PATIENCE_MS = 2 * 60_000

export interface VolumesThatWereRead {
  readonly volumes: readonly Volume[]
  readonly how: Quiesce
  /** Who could write, when the reading began. */
  readonly before: readonly VolumeWriter[]
  /** Names of the containers that hold still until this was asked. */
  readonly held: readonly string[]
}

/** Whether volumes held still while they were read. */
export interface Disturbance {
  /** Nobody could write to it, as far as can be known. */
  isStill(volume: Volume): boolean
  /** Containers that ran although the volumes were to hold still; of those that were held, their release tells. */
  readonly findings: readonly Finding[]
}

/** To be asked when all is read, and before the containers go on. */
export async function disturbanceOf(
  engine: DockerEngine,
  { volumes, how, before, held }: VolumesThatWereRead,
): Promise<Disturbance> {
  const isToHold = how === 'stop' || how === 'pause'
  try {
    const patient = persistentEngine(engine, isToHold ? PATIENCE_MS : 0)
    const ran = ranBetween(before, await writersNow(patient, volumes))
    const unexpected = ran.filter(({ name, isOurs, wasFrozen }) => !held.includes(name) && !isOurs && !wasFrozen)
    return {
      isStill: ({ name }) => ran.every((writer) => !writer.volumes.includes(name)),
      findings: isToHold ? unexpected.map(ranMeanwhile) : [],
    }
  } catch (error) {
    if (!(error instanceof DockerError)) throw error
    return { isStill: () => false, findings: isToHold ? [unknown(error)] : [] }
  }
}

function ranMeanwhile({ name, volumes }: VolumeWriter): Finding {
  return {
    severity: 'error',
    message: `the container ${name} ran while what it may write to was saved (${volumes.join(', ')}), and was not held still: the copy may not be of one moment`,
    hint: 'find out what starts it (`docker events`, systemd, an orchestrator), keep it from that while the job runs, and run the job again',
  }
}

function unknown({ message, hint }: DockerError): Finding {
  return {
    severity: 'error',
    message: `whether a container wrote to the volumes while they were saved is not known: ${message}`,
    hint: hint ?? 'see that the Docker Engine answers, and run the job again',
  }
}
