import type { ReachedRepository } from '../survey/survey.ts'
import type { VolumeBackup } from './volume-backups.ts'

/** What checks from this machine have shown of a backup since it was made. */
export type VolumeProof =
  /** `data`: all of the repository was read; `structure`: all of it is there, as far as that shows without reading. */
  { readonly kind: 'data' | 'structure'; readonly time: Date } | { readonly kind: 'none' }

/** The best that is known, of whichever repository has it. */
export function latestProof({ copies, time }: Pick<VolumeBackup<ReachedRepository>, 'copies' | 'time'>): VolumeProof {
  const latest = (kinds: readonly ('all' | 'part' | 'structure')[]): Date | undefined => {
    const times = copies.flatMap(({ repository: { checks } }) => kinds.map((kind) => new Date(checks[kind] ?? '')))
    return times.filter((at) => at > time).toSorted((one, other) => other.getTime() - one.getTime())[0]
  }
  const data = latest(['all'])
  if (data) return { kind: 'data', time: data }
  const structure = latest(['part', 'structure'])
  return structure ? { kind: 'structure', time: structure } : { kind: 'none' }
}
