const DIGEST = /@sha256:[0-9a-f]{64}$/
const IMAGE_ID = /^(?:sha256:)?([0-9a-f]{12,64})$/

/** A name as Docker lists it: without what it takes for granted, and with a tag or a digest. */
export function familiarName(reference: string): string {
  const name = withoutDefaults(reference)
  const digest = DIGEST.exec(name)?.[0]
  if (digest !== undefined) return `${repositoryOf(name)}${digest}`
  return hasTag(name) ? name : `${name}:latest`
}

/** `ghcr.io/me/app` of `ghcr.io/me/app:1` and of `ghcr.io/me/app@sha256:…`. */
export function repositoryOf(name: string): string {
  const withoutDigest = name.replace(DIGEST, '')
  return hasTag(withoutDigest) ? withoutDigest.slice(0, withoutDigest.lastIndexOf(':')) : withoutDigest
}

/** The hexadecimal digits of what may be an id, whole or its beginning. */
export function idDigits(reference: string): string | undefined {
  return IMAGE_ID.exec(reference)?.[1]
}

/** For messages: the digits by which people know an image. */
export function shortImageId(id: string): string {
  return id.replace('sha256:', '').slice(0, 12)
}

export function isPattern(reference: string): boolean {
  return /[*?]/.test(reference)
}

/** Whether a name, as Docker lists it, is meant by a reference or a pattern. */
export function matchesReference(name: string, reference: string): boolean {
  if (!isPattern(reference)) return name === familiarName(reference)
  const pattern = patternOf(withoutDefaults(reference))
  return pattern.test(name) || pattern.test(repositoryOf(name))
}

/** A colon before the last slash is that of a port. */
function hasTag(name: string): boolean {
  return name.lastIndexOf(':') > name.lastIndexOf('/')
}

function withoutDefaults(reference: string): string {
  const name = reference.replace(/^(?:index\.)?docker\.io\//, '')
  return name.replace(/^library\/(?=[^/]+$)/, '')
}

function patternOf(text: string): RegExp {
  const parts = text.split(/(\*\*|\*|\?)/).map((part) => {
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    return part === '?' ? '[^/]' : part.replaceAll(/[.\\+^$()[\]{}|]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}
