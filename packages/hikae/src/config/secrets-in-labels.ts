import type { z } from 'zod'
import { SchemaForms } from './schema-forms.ts'
import { secretPlaces } from './secret-places.ts'
import { isTree, valueAt } from './tree.ts'

/** A secret that must not stand in a label as it does. */
export interface SecretInLabel {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * Secrets of a source that a container brings. Whoever may ask the engine reads its labels, so that a secret is never in
 * one; and who writes labels is not one who may run programs here.
 *
 * @param schema of the source's kind
 * @param written what stands in the labels
 */
export function secretsInLabels(schema: z.ZodType, written: unknown): SecretInLabel[] {
  return secretPlaces(written, new SchemaForms(schema)).flatMap((path): SecretInLabel[] => {
    const value = valueAt(written, path)
    if (!isTree(value))
      return [{ path, message: 'a label is no place for a secret: write where it is, with .env or .file' }]
    if (value['command'] === undefined) return []
    return [{ path, message: 'a label cannot have a program run here: write where the secret is, with .env or .file' }]
  })
}
