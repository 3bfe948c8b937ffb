import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const swarmFacts = z.object({
  engineVersion: z.string(),
  stacks: z.array(z.string()),
  services: z.int(),
  configs: z.int(),
  secrets: z.int(),
  networks: z.int(),
  nodes: z.int(),
  /** Names: whoever restores has to make these by hand. */
  secretsWithoutValue: z.array(z.string()),
  /** Managers ask for the unlock key after a start; it is in no backup. */
  isUnlockKeyNeeded: z.boolean(),
  /** Whether the manager's state directory is there too. */
  hasRaft: z.boolean(),
})

/** What a manifest says of a swarm. */
export type SwarmFacts = z.output<typeof swarmFacts>

/** @throws {InputError} the point is of another make */
export function factsOf({ facts }: Pick<SourcePoint, 'facts'>): SwarmFacts {
  const parsed = swarmFacts.safeParse(facts)
  if (parsed.success) return parsed.data
  throw new InputError('the point does not say what is in it of a swarm', {
    hint: 'it is of another kind, or of a later version of Hikae; its files can be had with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}
