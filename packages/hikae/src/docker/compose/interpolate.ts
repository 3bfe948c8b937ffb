/** Variables that a project's files may name. */
export type Variables = Readonly<Record<string, string | undefined>>

const NAME = /[A-Za-z_]\w*/y

/**
 * Puts variables into a text as Compose does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`,
 * `${NAME+other}`, and `$$` for a dollar sign. A required one that is missing (`${NAME:?message}`) is empty here: what to do
 * about it is Compose's affair.
 */
export function interpolate(text: string, variables: Variables): string {
  let result = ''
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf('$', at)
    if (dollar === -1) return result + text.slice(at)
    result += text.slice(at, dollar)
    const { value, next } = reference(text, dollar, variables)
    result += value
    at = next
  }
  return result
}

function reference(text: string, dollar: number, variables: Variables): { value: string; next: number } {
  const follows = text[dollar + 1]
  if (follows === '$') return { value: '$', next: dollar + 2 }
  if (follows === '{') {
    const end = closingBrace(text, dollar + 2)
    if (end !== -1) return { value: braced(text.slice(dollar + 2, end), variables), next: end + 1 }
  }
  const name = nameAt(text, dollar + 1)
  if (name === undefined) return { value: '$', next: dollar + 1 }
  return { value: variables[name] ?? '', next: dollar + 1 + name.length }
}

function braced(inner: string, variables: Variables): string {
  const name = nameAt(inner, 0)
  if (name === undefined) return ''
  const [, operator, rest = ''] = /^(:?[-+?])?(.*)$/s.exec(inner.slice(name.length)) ?? []
  const value = variables[name]
  const isSet = operator?.startsWith(':') ? (value ?? '') !== '' : value !== undefined
  switch (operator?.at(-1)) {
    case '-':
      return isSet ? value! : interpolate(rest, variables)
    case '+':
      return isSet ? interpolate(rest, variables) : ''
    default:
      return value ?? ''
  }
}

/** References may hold references: `${A:-${B}}`. */
function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

function nameAt(text: string, at: number): string | undefined {
  NAME.lastIndex = at
  return NAME.exec(text)?.[0]
}
