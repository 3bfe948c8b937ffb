import { resolve } from 'node:path'
import type { Stack } from '../../config/load.ts'
import { stackForms } from '../../config/schema.ts'
import { secretPlaces } from '../../config/secret-places.ts'
import { valueAt } from '../../config/tree.ts'
import { readSecretFile } from '../../secrets/read-secret.ts'
import { secretSchema } from '../../secrets/secret-schema.ts'
import type { Environment } from '../context.ts'

/**
 * The secrets that a stack file refers to, as far as they can be known without running a program: what is written down of a
 * run is searched for them. One that cannot be read is no trouble here; whoever needs it says so.
 */
export async function knownSecrets({ document, folder }: Stack, env: Environment): Promise<string[]> {
  const places = secretPlaces(document.tree, stackForms())
  const secrets = await Promise.all(places.map((path) => secretAt(valueAt(document.tree, path), folder, env)))
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
