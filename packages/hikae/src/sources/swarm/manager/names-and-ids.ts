import { DockerError } from '../../../docker/engine-error.ts'
import { type ServiceDocument, serviceDocument } from '../documents.ts'

/** Ids by name, as they are in one swarm. */
export interface Ids {
  readonly networks: ReadonlyMap<string, string>
  readonly configs: ReadonlyMap<string, string>
  readonly secrets: ReadonlyMap<string, string>
}

type Translate = (kind: keyof Ids, name: string | undefined, id: string | undefined) => { name: string; id?: string }

/**
 * A service as its swarm has it, with names only. What leads nowhere keeps the name that it was called by. How often it was
 * started anew by force is not a part of what it is.
 */
export function withNames(spec: unknown, ids: Ids): ServiceDocument {
  const names = { networks: inverse(ids.networks), configs: inverse(ids.configs), secrets: inverse(ids.secrets) }
  const { TaskTemplate, ...service } = serviceDocument.parse(
    translated(spec, (kind, name, id) => ({ name: names[kind].get(id ?? '') ?? name ?? id ?? '' })),
  )
  const { ForceUpdate: _, ...task } = TaskTemplate
  return { ...service, TaskTemplate: task }
}

/**
 * A service as a swarm takes it.
 *
 * @throws {DockerError} it refers to something that is not there
 */
export function withIds(service: ServiceDocument, ids: Ids): unknown {
  return translated(service, (kind, name = '') => {
    const id = ids[kind].get(name)
    if (id !== undefined) return { name, id }
    throw new DockerError(
      `the service ${service.Name} needs the ${kind.slice(0, -1)} ${name}, which is not in the swarm`,
      {
        hint: 'make it, and restore again',
      },
    )
  })
}

/** The parts of a specification in which others are named. */
interface Spec {
  TaskTemplate?: {
    ContainerSpec?: {
      Configs?: { ConfigName?: string; ConfigID?: string }[] | null
      Secrets?: { SecretName?: string; SecretID?: string }[] | null
      Privileges?: { CredentialSpec?: { Config?: string } | null } | null
    } | null
    Networks?: Attachment[] | null
  }
  /** Where they stood before version 1.25 of the API. */
  Networks?: Attachment[] | null
}

interface Attachment {
  Target?: string
}

function translated(given: unknown, translate: Translate): unknown {
  const spec = structuredClone(given) as Spec
  const container = spec.TaskTemplate?.ContainerSpec
  for (const config of container?.Configs ?? []) {
    const { name, id } = translate('configs', config.ConfigName, config.ConfigID)
    config.ConfigName = name
    if (id === undefined) delete config.ConfigID
    else config.ConfigID = id
  }
  for (const secret of container?.Secrets ?? []) {
    const { name, id } = translate('secrets', secret.SecretName, secret.SecretID)
    secret.SecretName = name
    if (id === undefined) delete secret.SecretID
    else secret.SecretID = id
  }
  const credentials = container?.Privileges?.CredentialSpec
  if (credentials?.Config !== undefined && credentials.Config !== '') {
    const { name, id } = translate('configs', credentials.Config, credentials.Config)
    credentials.Config = id ?? name
  }
  for (const attachment of [...(spec.TaskTemplate?.Networks ?? []), ...(spec.Networks ?? [])]) {
    const { name, id } = translate('networks', attachment.Target, attachment.Target)
    attachment.Target = id ?? name
  }
  return spec
}

function inverse(ids: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...ids].map(([name, id]) => [id, name]))
}
