import { z } from 'zod'
import { engineSchema } from '../../docker/engine-schema.ts'

const program = z.array(z.string().min(1)).min(1)

const raft = z.strictObject({
  stop: program.describe(
    'the program that stops the Docker Engine of this machine, and its arguments: `[systemctl, stop, docker.socket, docker]`',
  ),
  start: program.describe('the program that starts it again, run whatever happens: `[systemctl, start, docker]`'),
  unlock: program
    .optional()
    .describe('for a swarm whose managers are locked after a start: the program that unlocks this one'),
  folder: z
    .string()
    .startsWith('/')
    .default('/var/lib/docker/swarm')
    .describe('folder in which the engine keeps the state of a manager'),
})

/** What may stand under `swarm:` of a source. */
export const swarmSchema = z
  .strictObject({
    engine: engineSchema,
    stacks: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('names of stacks, with all that their services use; by default everything in the swarm'),
    secrets: z
      .strictObject({
        values: z
          .enum(['none', 'from-tasks'])
          .describe(
            'whether values of secrets are saved: `none`, or `from-tasks`, which reads them in running tasks on the node of this engine',
          ),
      })
      .default({ values: 'none' })
      .describe('A swarm never gives values of secrets away; names and labels are always saved.'),
    raft: raft
      .optional()
      .describe(
        "The manager's own state directory as well, which holds all of the swarm with its secrets. The engine is stopped while it is copied, and every container of this machine with it.",
      ),
  })
  .describe('A Docker Swarm: services, configs, secrets, networks, stacks and labels of nodes')

export type SwarmConfig = z.output<typeof swarmSchema>
export type RaftConfig = z.output<typeof raft>
