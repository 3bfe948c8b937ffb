import { isMadeByEnded } from '../../../docker/made-by.ts'
import type { Finding } from '../../finding.ts'
import type { Volume } from '../volume.ts'
import { mixed } from './settle-findings.ts'
import { LABELS } from './volume-labels.ts'

/**
 * Restores of several volumes that were killed when some were replaced and others not: each is whole by itself, and they
 * are not of the same moment.
 *
 * @param before all volumes before what was interrupted was settled, and after it
 */
export function mixedVolumes(before: readonly Volume[], after: readonly Volume[]): Finding[] {
  const there = new Set(after.map(({ name }) => name))
  const isReplaced = ({ labels }: Volume): boolean =>
    labels[LABELS.kept] !== undefined && !there.has(labels[LABELS.from] ?? '')
  const replaced = Map.groupBy(after.filter(isReplaced), ({ labels }) => labels[LABELS.by] ?? '')
  return [...replaced].flatMap(([by, kept]) => {
    if (!isMadeByEnded(by)) return []
    const names = new Set(kept.map(({ labels }) => labels[LABELS.kept]!))
    const given = before.filter(({ name, labels }) => labels[LABELS.by] === by && !there.has(name))
    const old = given.flatMap(({ labels: { [LABELS.fresh]: name } }) => (name && !names.has(name) ? [name] : []))
    return old.length > 0 ? [mixed([...names].toSorted(), old.toSorted())] : []
  })
}
