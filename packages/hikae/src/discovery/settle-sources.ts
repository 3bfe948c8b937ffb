import { join } from 'node:path'
import type { ProposedSource } from './finder.ts'

/** Sources that were chosen of those proposed, each as it stands in the stack file: what one covers, the rest leaves out. */
export function settleSources(folder: string, chosen: readonly ProposedSource[]): ProposedSource[] {
  const covered = chosen.flatMap(({ covers = [] }) => covers)
  return chosen.map((source) => {
    const { config, savesTheRest = false } = source
    if (!savesTheRest || covered.length === 0) return source
    const exclude = [
      ...(config['exclude'] as readonly string[]),
      ...covered.map((path) => literalPattern(folder, path)),
    ]
    return { ...source, config: { ...config, exclude } }
  })
}

/** A pattern of `exclude:` that means this path and nothing else. */
export function literalPattern(folder: string, path: string): string {
  return join(folder, path).replace(/[\\*?[]/g, '\\$&')
}
