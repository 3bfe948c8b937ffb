import { interpolate, type Variables } from './interpolate.ts'

const LINE = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)$/s

/**
 * The variables of an env file, as Compose reads it: `NAME=value`, `export NAME=value`, comments, values in quotes.
 *
 * @param outer what values may refer to besides the file's own variables
 */
export function parseEnvFile(text: string, outer: Variables = {}): Record<string, string> {
  const variables: Record<string, string> = {}
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const found = LINE.exec(lines[at]!)
    if (!found || /^\s*#/.test(lines[at]!)) continue
    const [, name, rest] = found as unknown as [string, string, string]
    let value = rest
    const quote = value[0]
    if (quote === '"' || quote === "'") {
      while (closingQuote(value, quote) === -1 && at + 1 < lines.length) value += `\n${lines[++at]}`
      const end = closingQuote(value, quote)
      value = value.slice(1, end === -1 ? undefined : end)
    } else value = value.replace(/\s+#.*$/, '').trimEnd()
    variables[name] = quote === "'" ? value : interpolate(unescaped(value, quote), { ...outer, ...variables })
  }
  return variables
}

function closingQuote(value: string, quote: string): number {
  for (let at = 1; at < value.length; at++) {
    if (quote === '"' && value[at] === '\\') at++
    else if (value[at] === quote) return at
  }
  return -1
}

function unescaped(value: string, quote: string | undefined): string {
  if (quote !== '"') return value
  const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' }
  return value.replace(/\\(.)/gs, (whole, letter: string) => meanings[letter] ?? whole)
}
