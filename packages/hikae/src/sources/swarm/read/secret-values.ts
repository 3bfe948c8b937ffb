import { z } from 'zod'
import { errorMessage } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { SecretDocument } from '../documents.ts'
import type { LiveSwarm } from '../manager/live-swarm.ts'
import type { Manager } from '../manager/open-manager.ts'
import { printFile } from './print-file.ts'

/** A file in a running container on the node of the engine. */
export interface MountedSecret {
  readonly container: string
  readonly path: string
}

/** By name of the secret. */
export type MountedSecrets = ReadonlyMap<string, readonly MountedSecret[]>

const taskSchema = z.object({
  Spec: z.object({
    ContainerSpec: z
      .object({
        Secrets: z.array(z.object({ SecretID: z.string(), File: z.object({ Name: z.string() }).nullish() })).nullish(),
      })
      .nullish(),
  }),
  Status: z.object({
    State: z.string(),
    ContainerStatus: z.object({ ContainerID: z.string().optional() }).nullish(),
  }),
})

/** @throws {DockerError} */
export async function findMountedSecrets(
  { api, nodeId }: Pick<Manager, 'api' | 'nodeId'>,
  { ids }: Pick<LiveSwarm, 'ids'>,
): Promise<MountedSecrets> {
  const filters = JSON.stringify({ node: [nodeId], 'desired-state': ['running'] })
  const tasks = z.array(taskSchema).parse(await api.get('list the tasks of this node', '/tasks', { filters }))
  const names = new Map([...ids.secrets].map(([name, id]) => [id, name]))
  const mounted = new Map<string, MountedSecret[]>()
  for (const { Spec, Status } of tasks) {
    const container = Status.ContainerStatus?.ContainerID ?? ''
    if (Status.State !== 'running' || container === '') continue
    for (const { SecretID, File } of Spec.ContainerSpec?.Secrets ?? []) {
      // A task may still have the one that was there before, under the same name.
      const name = names.get(SecretID)
      if (name === undefined || !File) continue
      const path = File.Name.startsWith('/') ? File.Name : `/run/secrets/${File.Name}`
      mounted.set(name, [...(mounted.get(name) ?? []), { container, path }])
    }
  }
  return mounted
}

/** Why a secret's value cannot be had from tasks; undefined when it can be tried, or when there is none in the swarm. */
export function whyUnreadable(secret: SecretDocument, mounted: MountedSecrets): Finding | undefined {
  if (hasValueElsewhere(secret)) return undefined
  if (secret.Templating) return unsaved(secret, 'it is a template, and tasks only see what was made of it')
  return mounted.has(secret.Name) ? undefined : unsaved(secret, 'no running task on this node uses it')
}

/** A driver keeps it, and the swarm only knows which. */
export function hasValueElsewhere({ Driver }: SecretDocument): boolean {
  return Driver !== undefined && Driver !== null
}

/** @returns the value, or why there is none @throws {DockerError} the engine does not answer */
export async function readSecretValue(
  { api }: Pick<Manager, 'api'>,
  secret: SecretDocument,
  mounted: MountedSecrets,
  options: { readonly signal: AbortSignal; readonly patienceMs?: number },
): Promise<Buffer | Finding> {
  const impossible = whyUnreadable(secret, mounted)
  if (impossible) return impossible
  let reason = ''
  for (const { container, path } of mounted.get(secret.Name) ?? []) {
    try {
      const value = await printFile(api, container, path, options)
      // A swarm takes no empty secret: what is empty is not the value.
      if (value.length > 0) return value
      reason = `${path} is empty in the container ${container.slice(0, 12)}`
    } catch (error) {
      options.signal.throwIfAborted()
      // An engine that has gone is not the fault of this secret.
      await api.engine.ask('reach Docker', (docker) => docker.ping())
      reason = errorMessage(error)
    }
  }
  return unsaved(secret, reason)
}

function unsaved({ Name }: SecretDocument, reason: string): Finding {
  return {
    severity: 'warning',
    message: `the value of the secret ${Name} is not in the backup: ${reason}`,
    hint: 'keep it somewhere else as well; with `values: none` no value is promised',
  }
}
