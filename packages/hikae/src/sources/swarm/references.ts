import type { ServiceDocument, SwarmContents } from './documents.ts'

/** In every swarm from the beginning: nobody makes them. */
const PREDEFINED_NETWORKS = new Set(['bridge', 'host', 'ingress', 'none'])

/** What a service refers to, by name. */
export interface References {
  readonly networks: readonly string[]
  readonly configs: readonly string[]
  readonly secrets: readonly string[]
  /** Named volumes, which every node makes for itself. */
  readonly volumes: readonly string[]
}

export function referencesOf({ TaskTemplate }: ServiceDocument): References {
  const { ContainerSpec: spec, Networks } = TaskTemplate
  const credentials = spec?.Privileges?.CredentialSpec?.Config ?? ''
  const configs = [...(spec?.Configs ?? []).map(({ ConfigName }) => ConfigName), credentials]
  const mounts = (spec?.Mounts ?? []).filter(({ Type }) => Type === 'volume')
  return {
    networks: distinct((Networks ?? []).map(({ Target }) => Target)),
    configs: distinct(configs),
    secrets: distinct((spec?.Secrets ?? []).map(({ SecretName }) => SecretName)),
    volumes: distinct(mounts.map(({ Source }) => Source ?? '')),
  }
}

/** References of services that lead nowhere: `the service web refers to the config app.conf`. */
export function danglingReferences(contents: SwarmContents): string[] {
  const there = {
    network: new Set([...PREDEFINED_NETWORKS, ...namesOf(contents.networks)]),
    config: new Set(namesOf(contents.configs)),
    secret: new Set(namesOf(contents.secrets)),
  }
  return contents.services.flatMap((service) => {
    const { networks, configs, secrets } = referencesOf(service)
    const missing = [
      ...networks.filter((name) => !there.network.has(name)).map((name) => `network ${name}`),
      ...configs.filter((name) => !there.config.has(name)).map((name) => `config ${name}`),
      ...secrets.filter((name) => !there.secret.has(name)).map((name) => `secret ${name}`),
    ]
    return missing.map((what) => `the service ${service.Name} refers to the ${what}`)
  })
}

export function namesOf(documents: readonly { readonly Name: string }[]): string[] {
  return documents.map(({ Name }) => Name)
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== '').toSorted()
}
