/** Whether a text is a pattern for names, and not a name. */
export function isNamePattern(text: string): boolean {
  return /[*?[]/.test(text)
}

/** `*`, `?` and `[a-z]` stand for parts of names. @throws {SyntaxError} a range that goes backwards */
export function namePattern(pattern: string): RegExp {
  const source = pattern.replaceAll(/\[[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    return part.length > 1 ? part : part.replace(/[.[\]]/, String.raw`\$&`)
  })
  return new RegExp(`^${source}$`)
}
