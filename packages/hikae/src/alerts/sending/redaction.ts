/** Shorter parts of an address are words such as `api` and `webhooks`. */
const SHORTEST_PART = 9

/** Takes secrets out of texts: themselves, as they look in an address or in base64, and the telling parts of addresses. */
export class Redaction {
  readonly #hidden = new Set<string>()

  hide(secret: string): void {
    for (const form of [secret, ...partsOfAddress(secret)]) {
      if (form === '') continue
      this.#hidden.add(form)
      this.#hidden.add(encodeURIComponent(form))
      this.#hidden.add(Buffer.from(form).toString('base64'))
    }
  }

  redact(text: string): string {
    const longestFirst = [...this.#hidden].sort((a, b) => b.length - a.length)
    return longestFirst.reduce((result, secret) => result.replaceAll(secret, '***'), text)
  }
}

function partsOfAddress(text: string): string[] {
  if (!URL.canParse(text)) return []
  const { href, pathname, search, searchParams, username, password } = new URL(text)
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password]
  const long = parts.flatMap((part) => [part, decoded(part)]).filter((part) => part.length >= SHORTEST_PART)
  return [href, ...(pathname.length > 1 ? [`${pathname}${search}`] : []), ...long]
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // not encoded at all
  }
}
