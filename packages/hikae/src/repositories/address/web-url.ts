import { UsageError } from '../../errors.ts'

/**
 * A URL of http or https.
 *
 * @param example what a right one looks like, for the hint
 * @throws {UsageError} it is none; it is not repeated, because it may hold a password
 */
export function parseWebUrl(text: string, kind: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.protocol === 'https:' || url.protocol === 'http:') && url.hostname !== '') return url
  throw new UsageError(`the address of the ${kind} repository is no http or https URL`, { hint: `write ${example}` })
}
