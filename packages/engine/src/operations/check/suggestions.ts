import type { PackId } from '../../ids.ts'
import type { Findings } from './findings.ts'

/** What to do about findings: a command line without the program's name, or advice in words. */
export type Suggestion =
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'advice'; readonly advice: string }

const command = (text: string): Suggestion => ({ kind: 'command', command: text })
const advice = (text: string): Suggestion => ({ kind: 'advice', advice: text })

const COPY_FIRST = advice('copy the repository, or its disk, before anything is repaired')
const CHECK = command('check --read-data')

/**
 * What to do about the findings, in order. Commands are those of restic as well. Empty when there is nothing to do.
 */
export function suggestRepairs({ errors, hints }: Findings, damagedPacks: readonly PackId[]): Suggestion[] {
  if (errors.count('storage-failed') > 0) {
    // Repairs would take what cannot be read for lost.
    return [
      advice('find out why files cannot be read: look at `dmesg`, the disk and its cable, and who owns the files'),
      advice('copy the repository to another disk while it can be read, and repair nothing before'),
      CHECK,
    ]
  }
  const steps = repairs({ errors, hints }, damagedPacks)
  if (steps.length > 0) return [COPY_FIRST, ...steps, CHECK]
  const leftOvers = hints.count('pack-unreferenced') + hints.count('pack-mixed')
  return leftOvers + hints.count('pack-in-several-indexes') > 0 ? [command('prune')] : []
}

function repairs({ errors }: Findings, damagedPacks: readonly PackId[]): Suggestion[] {
  const countOf = (...kinds: Parameters<typeof errors.count>[0][]): number =>
    kinds.reduce((sum, kind) => sum + errors.count(kind), 0)
  const steps: Suggestion[] = []
  if (countOf('index-unreadable', 'index-conflict', 'pack-missing', 'pack-size', 'pack-unindexed') > 0) {
    steps.push(command('repair index'))
  }
  if (damagedPacks.length > 0) steps.push(command(`repair packs ${damagedPacks.join(' ')}`))
  if (countOf('snapshot-unreadable', 'tree-unreadable', 'entry-invalid', 'blob-missing', 'file-affected') > 0) {
    steps.push(
      advice('back up again with `hikae backup`: what still exists is stored anew, and heals older snapshots'),
      command('repair snapshots --forget'),
    )
  }
  // Takes up the directories that a snapshot left behind which could not be read.
  if (countOf('snapshot-unreadable') > 0) steps.push(command('recover'))
  return steps
}
