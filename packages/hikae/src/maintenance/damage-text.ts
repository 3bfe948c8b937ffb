import type { CheckReport, Suggestion, TouchedSnapshot } from '@hikae/engine'

/** So many snapshots are named; `hikae check` names all of them. */
const MOST_NAMED = 5
/** A longer command does not fit into a message. */
const LONGEST_COMMAND = 200

/** What a check found that is damaged, in one sentence for people. */
export function damageText({ errors, touchedSnapshots }: Pick<CheckReport, 'errors' | 'touchedSnapshots'>): string {
  const found = `damage was found: ${errors.length === 1 ? '1 error' : `${errors.length} errors`}`
  const [first] = errors
  const example = first === undefined ? '' : ` (${first.message})`
  if (touchedSnapshots.length === 0) return `${found}${example}; no snapshot is known to be touched`
  const named = touchedSnapshots.slice(0, MOST_NAMED).map(nameOf)
  const more = touchedSnapshots.length > named.length ? ` and ${touchedSnapshots.length - named.length} more` : ''
  const [noun, verb] = touchedSnapshots.length === 1 ? ['snapshot', 'does'] : ['snapshots', 'do']
  return `${found}${example}; ${touchedSnapshots.length} ${noun} ${verb} not come back whole: ${named.join(', ')}${more}`
}

/**
 * What to do about it, in order.
 *
 * @param siblings other repositories that jobs store the same in
 */
export function damageHint(
  { suggestions }: Pick<CheckReport, 'suggestions'>,
  repository: string,
  siblings: readonly string[],
): string {
  const elsewhere =
    siblings.length === 0 ? [] : [`restore from ${siblings.join(' or ')} meanwhile, which should have the same`]
  return [...elsewhere, ...suggestions.map((step) => stepText(step, repository))].join('; ')
}

function nameOf({ id, time, files, directories }: TouchedSnapshot): string {
  const short = id.slice(0, 8)
  if (time === undefined) return `${short} (cannot be read)`
  const lost = [
    ...(files > 0 ? [`${files} ${files === 1 ? 'file' : 'files'}`] : []),
    ...(directories > 0 ? [`${directories} ${directories === 1 ? 'directory' : 'directories'}`] : []),
  ]
  return `${short} of ${time.slice(0, 16).replace('T', ' ')}${lost.length === 0 ? '' : ` (${lost.join(', ')})`}`
}

function stepText(step: Suggestion, repository: string): string {
  if (step.kind === 'advice') return step.advice
  const command = `hikae ${step.command} --repo ${repository}`
  return command.length <= LONGEST_COMMAND
    ? command
    : `what hikae check --read-data --repo ${repository} says in its last lines`
}
