import { resolve } from 'node:path'
import type { Stack } from '../../config/load.ts'
import { SchemaForms } from '../../config/schema-forms.ts'
import { stackForms } from '../../config/schema.ts'
import { secretPlaces } from '../../config/secret-places.ts'
import { valueAt } from '../../config/tree.ts'
import type { JobSource } from '../../jobs/job.ts'
import { readSecretFile } from '../../secrets/read-secret.ts'
import { secretSchema } from '../../secrets/secret-schema.ts'
import type { Environment } from '../context.ts'

/**
 * The secrets that a stack file refers to, as far as they can be known without running a program: what is written down of a
 * run is searched for them. One that cannot be read is no trouble here; whoever needs it says so.
 */
export async function knownSecrets({ document, folder }: Stack, env: Environment): Promise<string[]> {
  return await secretsIn(document.tree, stackForms(), { folder, env })
}

/** The same of a source that a container brings. */
export async function secretsOfSource(
  { kind, written }: JobSource,
  folder: string,
  env: Environment,
): Promise<string[]> {
  return await secretsIn(written, new SchemaForms(kind.config), { folder, env })
}

async function secretsIn(
  tree: unknown,
  forms: SchemaForms,
  { folder, env }: { readonly folder: string; readonly env: Environment },
): Promise<string[]> {
  const places = secretPlaces(tree, forms)
  const secrets = await Promise.all(places.map((path) => secretAt(valueAt(tree, path), folder, env)))
  return secrets.filter((secret) => secret !== undefined)
}

async function secretAt(value: unknown, folder: string, env: Environment): Promise<string | undefined> {
  const { data: reference } = secretSchema.safeParse(value)
  switch (reference?.kind) {
    case 'literal':
      return reference.value
    case 'env':
      return env[reference.name]
    case 'file':
      return await readSecretFile(resolve(folder, reference.path), 'secret').catch(() => undefined)
    case 'command':
    case undefined:
      return undefined
  }
}
