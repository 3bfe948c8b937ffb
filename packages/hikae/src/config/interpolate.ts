import type { Environment } from '../environment.ts'
import { mapTexts } from './tree.ts'

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
  return { tree: mapTexts(tree, replace), missing }

  function replace(text: string, path: readonly PropertyKey[]): string {
    return text.replace(VARIABLE, (whole, name?: string, otherwise?: string) => {
      if (name === undefined) return '$'
      const value = env[name] || otherwise
      if (value === undefined) missing.push({ path, name })
      return value ?? whole
    })
  }
}

const VARIABLE = /\$\$|\$\{(\w+)(?::-([^}]*))?\}/g

/** The variables that a text takes values from. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)].flatMap(([, name]) => name ?? [])
}
