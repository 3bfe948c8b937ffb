import { z } from 'zod'

/**
 * What a swarm consists of, each as the Engine's API takes it for making the same again, but with names in the place of ids.
 * Fields that no one here asks for are kept as they are.
 */

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {})

export type Labels = Readonly<Record<string, string>>

export const configDocument = z.looseObject({ Name: z.string(), Labels: labels, Templating: z.unknown().optional() })
export type ConfigDocument = z.output<typeof configDocument>

/** Never with a value. `Driver`: somebody else keeps the value. */
export const secretDocument = z.looseObject({
  Name: z.string(),
  Labels: labels,
  Templating: z.unknown().optional(),
  Driver: z.unknown().optional(),
})
export type SecretDocument = z.output<typeof secretDocument>

export const networkDocument = z.looseObject({
  Name: z.string(),
  Driver: z.string(),
  Labels: labels,
  IPAM: z
    .looseObject({
      Config: z
        .array(z.looseObject({ Subnet: z.string().optional() }))
        .nullish()
        .transform((given) => given ?? []),
    })
    .optional(),
})
export type NetworkDocument = z.output<typeof networkDocument>

const mount = z.looseObject({ Type: z.string().optional(), Source: z.string().optional() })
const list = <Item extends z.ZodType>(item: Item) => z.array(item).nullish()

const containerSpec = z.looseObject({
  Configs: list(z.looseObject({ ConfigName: z.string() })),
  Secrets: list(z.looseObject({ SecretName: z.string() })),
  Mounts: list(mount),
  Privileges: z.looseObject({ CredentialSpec: z.looseObject({ Config: z.string().optional() }).nullish() }).nullish(),
})

export const serviceDocument = z.looseObject({
  Name: z.string(),
  Labels: labels,
  TaskTemplate: z.looseObject({
    ContainerSpec: containerSpec.nullish(),
    Networks: list(z.looseObject({ Target: z.string() })),
    Placement: z.looseObject({ Constraints: list(z.string()) }).nullish(),
  }),
  Mode: z
    .looseObject({
      Replicated: z.looseObject({ Replicas: z.int().optional() }).nullish(),
      ReplicatedJob: z.unknown().optional(),
      GlobalJob: z.unknown().optional(),
    })
    .nullish(),
})
export type ServiceDocument = z.output<typeof serviceDocument>

export const nodeDocument = z.object({
  ID: z.string(),
  Hostname: z.string(),
  Role: z.string(),
  Availability: z.string(),
  Labels: labels,
  EngineVersion: z.string(),
})
export type NodeDocument = z.output<typeof nodeDocument>

/** Of the swarm as a whole; without tokens and keys. `Spec` can be changed, the others are chosen when it is made. */
export const settingsDocument = z.looseObject({
  Spec: z.looseObject({ EncryptionConfig: z.looseObject({ AutoLockManagers: z.boolean().optional() }).optional() }),
})
export type SettingsDocument = z.output<typeof settingsDocument>

/** Everything that is saved of a swarm but for contents of configs and values of secrets. */
export interface SwarmContents {
  readonly settings: SettingsDocument
  readonly nodes: readonly NodeDocument[]
  readonly networks: readonly NetworkDocument[]
  readonly configs: readonly ConfigDocument[]
  readonly secrets: readonly SecretDocument[]
  readonly services: readonly ServiceDocument[]
}

/** Where `docker stack` writes down to which stack something belongs. */
const STACK_LABEL = 'com.docker.stack.namespace'

export function stackOf({ Labels }: { readonly Labels: Labels }): string | undefined {
  return Labels[STACK_LABEL]
}

/** Names, sorted. */
export function stacksOf({ networks, configs, secrets, services }: SwarmContents): string[] {
  const names = [...networks, ...configs, ...secrets, ...services].map(stackOf)
  return [...new Set(names)].filter((name) => name !== undefined).toSorted()
}

/** Whether managers ask for a key after each start. */
export function isLocked({ settings }: Pick<SwarmContents, 'settings'>): boolean {
  return settings.Spec.EncryptionConfig?.AutoLockManagers === true
}
