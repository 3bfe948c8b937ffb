import { stackOf, type SwarmContents } from './documents.ts'
import { referencesOf } from './references.ts'

/**
 * What belongs to stacks, with everything that their services use, whoever it belongs to. Settings and nodes stay.
 *
 * @param stacks names; undefined means all there is
 */
export function selectStacks(contents: SwarmContents, stacks: readonly string[] | undefined): SwarmContents {
  if (stacks === undefined) return contents
  const wanted = new Set(stacks)
  const belongs = (document: { readonly Labels: Readonly<Record<string, string>> }): boolean =>
    wanted.has(stackOf(document) ?? '')
  const services = contents.services.filter(belongs)
  const used = services.map(referencesOf)
  const isUsed = (of: 'networks' | 'configs' | 'secrets') => {
    const names = new Set(used.flatMap((references) => references[of]))
    return (document: { readonly Name: string; readonly Labels: Readonly<Record<string, string>> }): boolean =>
      belongs(document) || names.has(document.Name)
  }
  return {
    ...contents,
    services,
    networks: contents.networks.filter(isUsed('networks')),
    configs: contents.configs.filter(isUsed('configs')),
    secrets: contents.secrets.filter(isUsed('secrets')),
  }
}
