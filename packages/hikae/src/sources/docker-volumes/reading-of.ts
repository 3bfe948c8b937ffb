import type { DockerEngine } from '../../docker/engine.ts'
import type { Hold } from '../../docker/quiesce/hold.ts'
import type { TreeCounts } from '../counted-tree.ts'
import type { Finding } from '../finding.ts'
import type { SourceReading } from '../source-kind.ts'
import type { DockerVolumesConfig } from './config.ts'
import { disturbanceOf } from './disturbed-volumes.ts'
import { nothingFits, nothingIn, unlistedIn } from './selection-findings.ts'
import type { VolumeReading } from './read-volume.ts'
import { type SavedVolume, specOf, type VolumesFacts } from './volume-facts.ts'
import type { VolumeUsers } from './volume-users.ts'
import { isMounted } from './volume.ts'
import type { VolumeWriter } from './volume-writers.ts'

export interface ReadVolumes {
  readonly engine: DockerEngine
  readonly config: DockerVolumesConfig
  readonly users: readonly VolumeUsers[]
  readonly readings: readonly VolumeReading[]
  readonly unmatched: readonly string[]
  /** What is to be said of databases that write. */
  readonly live: readonly Finding[]
  readonly hold: Hold
  /** Who could write when the containers held still. */
  readonly before: readonly VolumeWriter[]
}

/** Lets the containers go on as soon as the reading is known to be whole, and says what was read. */
export async function readingOf(read: ReadVolumes): Promise<SourceReading> {
  const { engine, config, users, readings, unmatched, live, hold, before } = read
  const counts: TreeCounts[] = []
  for (const reading of readings) counts.push(await reading.finish())
  const names = hold.containers
  const saved = readings.map(({ volume }) => volume)
  const disturbance = await disturbanceOf(engine, { volumes: saved, how: config.quiesce, before, held: names })
  const { seconds, findings } = await hold.release()
  const volumes = readings.map(({ volume, way }, at): SavedVolume => {
    const { all } = users.find((each) => each.volume === volume)!
    const held = all.filter(({ name }) => names.includes(name)).map(({ name }) => name)
    return {
      ...specOf(volume),
      scope: volume.scope,
      ...counts[at]!,
      ...{ read: way, isStill: disturbance.isStill(volume), usedBy: all.map(({ name }) => name), held },
    }
  })
  const facts: VolumesFacts = {
    engine: engine.version,
    volumes,
    quiesce: typeof config.quiesce === 'string' ? config.quiesce : 'exec',
    ...(names.length === 0 ? {} : { heldSeconds: seconds }),
  }
  return {
    facts: { ...facts },
    findings: [
      ...live,
      ...disturbance.findings,
      ...findings,
      ...(await changes(readings)),
      ...(await unseen(readings, counts)),
      ...nothingFits({ unmatched }),
    ],
    isEmpty: volumes.every(({ files, others }) => files + others === 0),
  }
}

/** What the engine leaves out without a word. */
async function unseen(readings: readonly VolumeReading[], counts: readonly TreeCounts[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [at, reading] of readings.entries()) {
    const { volume } = reading
    const unlisted = await reading.unlisted()
    const { files, directories, others } = counts[at]!
    if (unlisted.length > 0) findings.push(unlistedIn(volume.name, unlisted))
    else if (isMounted(volume) && files + directories + others === 0) findings.push(nothingIn(volume))
  }
  return findings
}

async function changes(readings: readonly VolumeReading[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const reading of readings) {
    const { volume } = reading
    switch (await reading.fate()) {
      case 'same':
        continue
      case 'vanished':
        findings.push({ severity: 'error', message: `the volume ${volume.name} vanished while it was saved` })
        continue
      case 'replaced':
        findings.push({
          severity: 'error',
          message: `the volume ${volume.name} was removed and made anew while it was saved`,
          hint: 'save it again',
        })
    }
  }
  return findings
}
