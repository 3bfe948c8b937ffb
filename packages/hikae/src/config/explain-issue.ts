import type { z } from 'zod'
import { nearest } from '../nearest.ts'

type Issue = z.core.$ZodIssue

export interface ExplainedIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** What zod found, in words for the person who wrote the file; one for each key that is not known. */
export function explainIssue(
  issue: Issue,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): ExplainedIssue[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const meant = nearest(key, keysAt(path))
      return {
        path: [...path, key],
        message: `there is no key '${key}' here${meant ? `; did you mean ${meant}?` : ''}`,
      }
    })
  }
  if (issue.code === 'invalid_union') return explainUnion(issue, keysAt)
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues.map(({ message }) => message).join('; ') }]
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return [{ path, message: 'this is missing' }]
  return [{ path, message: lowerFirst(issue.message) }]
}

/** Of all forms that a value may have, the one that came furthest is what was meant. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): ExplainedIssue[] {
  const forms = issue.errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  const meant = forms[0]
  if (!meant) return [{ path: issue.path, message: isMissing(issue) ? 'this is missing' : 'this has the wrong form' }]
  return meant.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, keysAt))
}

function isMissing({ errors }: z.core.$ZodIssueInvalidUnion): boolean {
  return errors.flat().some(({ message }) => message.endsWith('received undefined'))
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
