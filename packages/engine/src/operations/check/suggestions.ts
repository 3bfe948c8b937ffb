import type { Backend } from '../../backend/backend.ts'
import type { PackId } from '../../ids.ts'
import type { Findings } from './findings.ts'

const SAFE_COPY = 'copy the repository, or its disk, before anything is repaired'

/**
 * What to do about the findings, in order, as commands of stock restic, which reads the same repository. Empty when there
 * is nothing to do.
 */
export function suggestRepairs(backend: Backend, findings: Findings, damagedPacks: readonly PackId[]): string[] {
  const { errors, hints } = findings
  const restic = backend.localPath ? `restic --repo '${backend.location.replaceAll("'", "'\\''")}'` : 'restic'
  const steps: string[] = []
  const indexIsWrong =
    errors.count('index-unreadable') + errors.count('index-conflict') + errors.count('pack-missing') > 0
  if (indexIsWrong || errors.count('pack-size') > 0) steps.push(`${restic} repair index`)
  if (damagedPacks.length > 0) steps.push(`${restic} repair packs ${damagedPacks.join(' ')}`)
  const snapshotsAreHurt =
    errors.count('snapshot-unreadable') +
      errors.count('tree-unreadable') +
      errors.count('entry-invalid') +
      errors.count('blob-missing') +
      errors.count('file-affected') >
    0
  // What is missing may lie in packs that lost their index file: nothing may be given up before they are indexed again.
  if (snapshotsAreHurt && hints.count('pack-unreferenced') > 0) {
    return [SAFE_COPY, `${restic} repair index`, 'check again: what is missing now may be there then']
  }
  if (snapshotsAreHurt) steps.push(`${restic} repair snapshots --forget`)
  if (steps.length > 0) {
    return [
      SAFE_COPY,
      ...steps.slice(0, -1),
      ...(snapshotsAreHurt ? ['back up again: data that still exists is stored anew and heals older snapshots'] : []),
      ...steps.slice(-1),
      'check again',
    ]
  }
  const leftOvers = hints.count('pack-unreferenced') + hints.count('pack-mixed')
  return leftOvers + hints.count('pack-in-several-indexes') > 0 ? [`${restic} prune`] : []
}
