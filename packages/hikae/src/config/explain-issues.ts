import type { z } from 'zod'
import { nearest } from '../nearest.ts'

type Issue = z.core.$ZodIssue
type KeysAt = (path: readonly PropertyKey[]) => readonly string[]

export interface ExplainedIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * What zod found, in words for the person who wrote the file; one for each key that is not known. That something is absent
 * (`params: { absent: true }` of an issue) is not said where a key is not known: it is what was meant by that key.
 *
 * @param keysAt the keys that are understood at a place
 */
export function explainIssues(issues: readonly Issue[], keysAt: KeysAt): ExplainedIssue[] {
  const misspelt = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(pathKey))
  const follows = (issue: Issue): boolean =>
    issue.code === 'custom' && issue.params?.['absent'] === true && misspelt.has(pathKey(issue))
  return issues.filter((issue) => !follows(issue)).flatMap((issue) => explainIssue(issue, keysAt))
}

function explainIssue(issue: Issue, keysAt: KeysAt): ExplainedIssue[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: explainKey(key, keysAt(path)) }))
  }
  if (issue.code === 'invalid_union') return explainUnion(issue, keysAt)
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues.map(({ message }) => message).join('; ') }]
  if (isMissing(issue)) return [{ path, message: 'this is missing' }]
  return [{ path, message: lowerFirst(issue.message) }]
}

function explainKey(key: string, known: readonly string[]): string {
  if (known.includes(key)) return `the key '${key}' does not go together with the others here`
  const meant = nearest(key, known)
  if (meant !== undefined) return `there is no key '${key}' here; did you mean ${meant}?`
  return `there is no key '${key}' here${known.length === 0 ? '' : `, only ${known.join(', ')}`}`
}

/** Of all forms that a value may have, the one that comes closest is what was meant. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, keysAt: KeysAt): ExplainedIssue[] {
  const forms = issue.errors.filter((issues) => !issues.some(isOtherType))
  if (forms.length === 0) {
    const isAbsent = issue.errors.flat().some(({ message }) => message.endsWith('received undefined'))
    return [{ path: issue.path, message: isAbsent ? 'this is missing' : 'this has the wrong form' }]
  }
  const least = Math.min(...forms.map(strangeness))
  const [closest = [], ...asClose] = forms.filter((issues) => strangeness(issues) === least)
  const meant = least > 0 ? closest.filter((issue) => asClose.every((issues) => issues.some(sameAs(issue)))) : closest
  if (meant.length === 0) {
    const keys = keysAt(issue.path)
    return [{ path: issue.path, message: `this has the wrong form: it takes one of ${keys.join(', ')}` }]
  }
  return explainIssues(
    meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    keysAt,
  )
}

function isOtherType({ code, path }: Issue): boolean {
  return code === 'invalid_type' && path.length === 0
}

/** How far a value is from a form: keys that the form does not have or that it misses, and another word where it has one. */
function strangeness(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) return sum + 2 * issue.keys.length
    if (issue.code === 'invalid_value' && issue.path.length <= 1) return sum + (issue.path.length === 0 ? 100 : 3)
    return issue.path.length === 1 && isMissing(issue) ? sum + 1 : sum
  }, 0)
}

function sameAs(issue: Issue): (other: Issue) => boolean {
  return (other) => other.code === issue.code && other.message === issue.message && pathKey(other) === pathKey(issue)
}

function pathKey({ path }: Issue): string {
  return JSON.stringify(path.map(String))
}

function isMissing({ code, message }: Issue): boolean {
  return code === 'invalid_type' && message.endsWith('received undefined')
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
