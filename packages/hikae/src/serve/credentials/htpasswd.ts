import { createHash, timingSafeEqual } from 'node:crypto'

/** How the password of a user can be proven. */
export type PasswordEntry =
  | { readonly kind: 'bcrypt'; readonly hash: string }
  /** Base64 of the SHA-1; for files that exist, as it can be guessed quickly. */
  | { readonly kind: 'sha1'; readonly hash: string }

export interface HtpasswdContent {
  readonly users: ReadonlyMap<string, PasswordEntry>
  /** Lines that are of no use, and why; without their hashes. */
  readonly problems: readonly string[]
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/
/** A hash of cost 16 takes seconds; more would only serve to keep the server busy. */
const HIGHEST_COST = 16

/** Reads what Apache's `htpasswd` writes: a user and a hash per line. The last line of a user counts. */
export function parseHtpasswd(text: string): HtpasswdContent {
  const users = new Map<string, PasswordEntry>()
  const problems: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const colon = trimmed.indexOf(':')
    const user = trimmed.slice(0, Math.max(colon, 0))
    const entry = parseEntry(trimmed.slice(colon + 1))
    if (user !== '' && entry !== undefined) users.set(user, entry)
    else problems.push(`line ${index + 1}: ${user === '' ? 'no user' : 'the hash is neither bcrypt nor {SHA}'}`)
  }
  return { users, problems }
}

function parseEntry(hash: string): PasswordEntry | undefined {
  const cost = Number(BCRYPT.exec(hash)?.[1])
  if (cost >= 4 && cost <= HIGHEST_COST) return { kind: 'bcrypt', hash }
  const sha1 = SHA1.exec(hash)?.[1]
  return sha1 === undefined ? undefined : { kind: 'sha1', hash: sha1 }
}

/** Whether a SHA-1 entry is of this password; takes the same time whichever byte differs. */
export function matchesSha1(password: string, hash: string): boolean {
  const actual = createHash('sha1').update(password).digest()
  const expected = Buffer.from(hash, 'base64')
  return expected.length === actual.length && timingSafeEqual(actual, expected)
}
