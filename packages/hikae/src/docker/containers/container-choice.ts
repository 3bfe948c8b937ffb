import { z } from 'zod'

/** Keys of a source that say which container is meant: by its name, or as that of a Compose service. */
export const containerChoiceShape = {
  container: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the container. One that is made anew under the same name is followed.'),
  service: z.string().min(1).optional().describe('A service of a Compose project, whose container is meant.'),
  project: z
    .string()
    .min(1)
    .optional()
    .describe('With `service`: the Compose project; needed when several projects have a service of that name.'),
  index: z
    .int()
    .positive()
    .optional()
    .describe('With `service`: which of its containers, where it has several; Compose counts them from 1.'),
}

export interface ContainerChoice {
  readonly container?: string | undefined
  readonly service?: string | undefined
  readonly project?: string | undefined
  readonly index?: number | undefined
}

/** `shop-db-1`, `service db 2 of shop` */
export function describeContainerChoice({ container, service, project, index }: ContainerChoice): string {
  if (container !== undefined) return container
  const number = index === undefined ? '' : ` ${index}`
  return project === undefined ? `service ${service}${number}` : `service ${service}${number} of ${project}`
}

/** @returns what contradicts, one sentence each; whether anything is chosen at all is for others to judge */
export function containerChoiceProblems({ container, service, project, index }: ContainerChoice): string[] {
  return [
    ...(container !== undefined && service !== undefined ? ['either container or service says which is meant'] : []),
    ...(service === undefined && (project !== undefined || index !== undefined)
      ? ['project and index go with service']
      : []),
  ]
}
