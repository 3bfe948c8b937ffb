import type { DockerEngine } from '../../docker/engine.ts'
import { UsageError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { isNamePattern, namePattern } from '../../sources/docker-volumes/name-pattern.ts'
import type { OpenedRepository } from '../repository/open-all.ts'
import { type Goes, judgeVolume, type JudgeWork } from './judge-volume.ts'
import { type Stays, staysByItself } from './stays.ts'
import type { VolumeBackups } from './volume-backups.ts'
import { type VolumeUse, volumeUses } from './volume-uses.ts'

export interface PlannedVolume<Verdict = Goes | Stays> {
  readonly use: VolumeUse
  readonly verdict: Verdict
}

/** Which volumes can go, and why the others stay. */
export interface VolumePrunePlan {
  readonly engine: Pick<DockerEngine, 'address' | 'version'>
  /** Those that were asked for; without names, those that no container uses. */
  readonly volumes: readonly PlannedVolume[]
  /** How many are in use, and nobody asked for. */
  readonly othersInUse: number
}

export interface PlanOptions extends JudgeWork {
  /** Names and patterns of names; all that are dangling when there are none. */
  readonly names: readonly string[]
  readonly backups: (volume: string) => VolumeBackups<OpenedRepository>
  /** A volume is about to be compared. */
  readonly onVolume: (name: string) => void
}

/** Reads what it compares; removes nothing. @throws {UsageError} no volume has a name @throws {DockerError} */
export async function planVolumePrune({ names, ...work }: PlanOptions): Promise<VolumePrunePlan> {
  const { engine, backups, signal } = work
  const uses = await volumeUses(engine)
  const wanted = names.length === 0 ? uses.filter(({ users }) => users.length === 0) : chosen(names, uses)
  const all = uses.map(({ volume }) => volume)
  const volumes: PlannedVolume[] = []
  for (const use of wanted) {
    signal.throwIfAborted()
    const { name } = use.volume
    const isNamed = names.includes(name)
    const own = staysByItself(use, { ...work, isNamed, all })
    if (!own) work.onVolume(name)
    volumes.push({ use, verdict: own ?? (await judgeVolume(use.volume, backups(name), work)) })
  }
  const othersInUse = names.length > 0 ? 0 : uses.length - wanted.length
  return { engine, volumes, othersInUse }
}

export function isGoing(volume: PlannedVolume): volume is PlannedVolume<Goes> {
  return volume.verdict.kind === 'goes'
}

function chosen(names: readonly string[], uses: readonly VolumeUse[]): readonly VolumeUse[] {
  const all = uses.map(({ volume }) => volume.name)
  const fits = (wanted: string, name: string): boolean => {
    return wanted === name || (isNamePattern(wanted) && namePattern(wanted).test(name))
  }
  for (const wanted of names) {
    if (all.some((name) => fits(wanted, name))) continue
    const meant = nearest(wanted, all)
    throw new UsageError(`there is no volume ${wanted}`, {
      hint: meant === undefined ? 'see which there are with `hikae docker usage`' : `do you mean ${meant}?`,
    })
  }
  return uses.filter(({ volume }) => names.some((wanted) => fits(wanted, volume.name)))
}
