import type { Environment } from '../environment.ts'

export interface MissingVariable {
  readonly path: readonly PropertyKey[]
  readonly name: string
}

/**
 * `${NAME}` and `${NAME:-default}` in every text value, never in keys; `$$` is a dollar sign.
 *
 * @returns the same tree with the values in place, and the variables that are not set and have no default
 */
export function interpolate(tree: unknown, env: Environment): { tree: unknown; missing: MissingVariable[] } {
  const missing: MissingVariable[] = []
  return { tree: visit(tree, []), missing }

  function visit(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') return replace(value, path)
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner, [...path, key])]))
  }

  function replace(text: string, path: readonly PropertyKey[]): string {
    return text.replace(/\$\$|\$\{(\w+)(?::-([^}]*))?\}/g, (whole, name?: string, otherwise?: string) => {
      if (name === undefined) return '$'
      const value = env[name] || otherwise
      if (value === undefined) missing.push({ path, name })
      return value ?? whole
    })
  }
}
