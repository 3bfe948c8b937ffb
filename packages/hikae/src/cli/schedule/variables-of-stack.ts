import { variablesIn } from '../../config/interpolate.ts'
import type { Stack } from '../../config/load.ts'
import type { Environment } from '../context.ts'

/** Names of variables by which secrets are given, and of those that stand in texts and are set now. */
export function variablesOfStack({ config, document }: Pick<Stack, 'config' | 'document'>, env: Environment): string[] {
  const inTexts = document.files.flatMap(({ raw }) => textsIn(raw)).flatMap((text) => variablesIn(text))
  const names = [...secretsIn(config), ...inTexts.filter((name) => env[name])]
  return [...new Set(names)].sort()
}

/** `{ kind: 'env', name }` is how a secret that stands in a variable is kept. */
function secretsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if ('kind' in value && value.kind === 'env' && 'name' in value) return [String(value.name)]
  return Object.values(value).flatMap(secretsIn)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
