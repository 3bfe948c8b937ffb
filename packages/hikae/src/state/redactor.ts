import type { JsonValue } from './step-facts.ts'
import { secretForms } from './secret-forms.ts'

const MASK = '•••'

/** Shorter secrets are not looked for: what is so short stands in every other word. */
const SHORTEST = 4

type Range = readonly [from: number, to: number]

/**
 * Takes the secrets of a run out of text. It knows those that it was told of, in the forms in which programs show them: as
 * they are, URL-encoded, in base64 (also in the middle of it, as in a header for basic authentication), and escaped for JSON.
 * Secrets of fewer than 4 characters are not looked for. Each line of a secret of several lines counts as one too, since
 * what programs print comes line by line.
 */
export class Redactor {
  readonly #forms = new Map<string, readonly RegExp[]>()

  add(secret: string): void {
    for (const part of [secret, ...secret.split(/[\r\n]+/)].map((text) => text.trim())) {
      if (part.length >= SHORTEST && !this.#forms.has(part)) this.#forms.set(part, secretForms(part))
    }
  }

  /** Longer than any form of any secret. */
  get longestForm(): number {
    // A character that takes three bytes is nine characters in a URL; four bytes are twelve, for two units.
    return Math.max(0, ...[...this.#forms.keys()].map((secret) => secret.length * 12))
  }

  text(text: string): string {
    let result = ''
    let end = 0
    for (const [from, to] of this.#ranges(text)) {
      result += text.slice(end, from) + MASK
      end = to
    }
    return result + text.slice(end)
  }

  /**
   * The beginning of a text that is longer than `length` by {@link longestForm} at least, without the beginning of a secret
   * at its end.
   */
  cut(text: string, length: number): string {
    const straddling = this.#ranges(text).find(([from, to]) => from < length && to > length)
    return this.text(text.slice(0, straddling?.[0] ?? length))
  }

  /** All strings in a value, keys too. */
  value<T extends JsonValue | undefined>(value: T): T {
    return this.#redacted(value) as T
  }

  #redacted(value: JsonValue | undefined): JsonValue | undefined {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item: JsonValue) => this.#redacted(item) ?? null)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#redacted(item)]))
  }

  /** Where secrets stand, in order and apart from each other: those that overlap are one. */
  #ranges(text: string): Range[] {
    const found = [...this.#forms.values()].flat().flatMap((form) => rangesOf(form, text))
    const merged: Range[] = []
    for (const range of found.sort(([a], [b]) => a - b)) {
      const last = merged.at(-1)
      if (last === undefined || range[0] > last[1]) merged.push(range)
      else merged[merged.length - 1] = [last[0], Math.max(last[1], range[1])]
    }
    return merged
  }
}

/** Also those that begin within another: of `aaaa`, there are three in `aaaaaa`. */
function rangesOf(form: RegExp, text: string): Range[] {
  const ranges: Range[] = []
  form.lastIndex = 0
  for (let match = form.exec(text); match !== null; match = form.exec(text)) {
    ranges.push([match.index, match.index + match[0].length])
    form.lastIndex = match.index + (text.codePointAt(match.index)! > 0xffff ? 2 : 1)
  }
  return ranges
}
