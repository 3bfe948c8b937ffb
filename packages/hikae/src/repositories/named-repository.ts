import { resolve } from 'node:path'
import type { ConfiguredRepository } from '../config/repository-schema.ts'
import type { Stack } from '../config/load.ts'
import type { SecretReference } from '../secrets/secret.ts'
import type { RepositoryLocation } from './location.ts'

/** The repository of that name in the stack file, its paths made absolute; undefined when there is none. */
export function namedRepository({ config, folder }: Stack, name: string): ConfiguredRepository | undefined {
  const found = Object.hasOwn(config.repositories, name) ? config.repositories[name] : undefined
  if (!found) return undefined
  const { ca, clientCertificate } = found.tls
  return {
    ...found,
    place: placeFrom(found.place, folder),
    password: secretFrom(found.password, folder),
    tls: {
      ...found.tls,
      ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
      ...(clientCertificate === undefined ? {} : { clientCertificate: resolve(folder, clientCertificate) }),
    },
  }
}

function placeFrom(place: RepositoryLocation, folder: string): RepositoryLocation {
  switch (place.kind) {
    case 'local':
      return { ...place, path: resolve(folder, place.path) }
    case 's3':
      return { ...place, ...secretsFrom(place, ['accessKeyId', 'secretAccessKey', 'sessionToken'], folder) }
    case 'sftp':
      return { ...place, ...secretsFrom(place, ['password'], folder) }
    case 'rest':
      return { ...place, ...secretsFrom(place, ['user', 'password'], folder) }
    case 'rclone':
      return place
  }
}

function secretsFrom<Place extends object, Name extends keyof Place>(
  place: Place,
  names: readonly Name[],
  folder: string,
): Partial<Place> {
  const given = names.filter((name) => place[name] !== undefined)
  return Object.fromEntries(
    given.map((name) => [name, secretFrom(place[name] as SecretReference, folder)]),
  ) as Partial<Place>
}

function secretFrom(reference: SecretReference, folder: string): SecretReference {
  return reference.kind === 'file' ? { kind: 'file', path: resolve(folder, reference.path) } : reference
}
