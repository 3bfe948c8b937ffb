import type { Environment } from '../environment.ts'
import { withoutPasswords } from './address-password.ts'
import { interpolate, variablesIn } from './interpolate.ts'
import { stackForms } from './schema.ts'
import { soundsSecret } from './secret-name.ts'
import { secretPlaces } from './secret-places.ts'
import { StackDocument } from './stack-document.ts'
import { isTree, mapTexts, type Tree, valueAt } from './tree.ts'

const MASK = '•••'

/**
 * The configuration that is in force, for people to look at: with all that is included, and with values of variables.
 * Secrets are shown as references only. Masked are literal secrets, whatever variables put into a secret's place, variables
 * that are called like a secret or used as one, and passwords in addresses.
 */
export function shownConfiguration(document: StackDocument, env: Environment): Tree {
  const places = secretPlaces(document.tree, stackForms())
  const masked = maskedEnvironment(document, places, env)
  const files = document.files.map((file) => ({ ...file, tree: interpolate(file.raw, masked).tree as Tree }))
  const { include: _, ...tree } = new StackDocument(files).tree
  const secret = new Set(places.map(pathKey))
  const isReference = (path: readonly PropertyKey[]): boolean =>
    path.some((_, index) => secret.has(pathKey(path.slice(0, index + 1))))
  return mapTexts(tree, (text, path) => {
    if (secret.has(pathKey(path))) return MASK
    if (!isReference(path)) return withoutPasswords(text, MASK)
    return variablesIn(String(document.rawAt(path))).length > 0 ? MASK : text
  }) as Tree
}

/** Every variable that may hold a secret has the mask as its value, so that no default is shown either. */
function maskedEnvironment(
  document: StackDocument,
  places: readonly PropertyKey[][],
  env: Environment,
): Record<string, string | undefined> {
  const used = document.files.flatMap(({ raw }) => variablesOf(raw))
  const asSecrets = places.flatMap((path) => {
    const raw = document.rawAt(path)
    const reference = isTree(raw) ? valueAt(raw, ['env']) : undefined
    return [...variablesOf(raw), ...(typeof reference === 'string' ? [reference] : [])]
  })
  const names = [...used.filter((name) => soundsSecret(name)), ...asSecrets]
  return { ...env, ...Object.fromEntries(names.map((name) => [name, MASK])) }
}

function variablesOf(raw: unknown): string[] {
  const found: string[] = []
  mapTexts(raw, (text) => {
    found.push(...variablesIn(text))
    return text
  })
  return found
}

function pathKey(path: readonly PropertyKey[]): string {
  return path.map(String).join('\0')
}
