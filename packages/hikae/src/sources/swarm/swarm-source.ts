import type { SourceKind } from '../source-kind.ts'
import { type SwarmConfig, swarmSchema } from './config.ts'
import { examineSwarm } from './examine-swarm.ts'
import { settleRaft } from './raft/settle-raft.ts'
import { openSwarm } from './read/open-swarm.ts'
import { keptSwarms } from './restore/kept-swarms.ts'
import { planSwarmRestore } from './restore/plan-restore.ts'
import { verifySwarm } from './verify-swarm.ts'

/** What a Docker Swarm consists of, as documents that its API takes. */
export const swarmSource: SourceKind<SwarmConfig> = {
  name: 'swarm',
  config: swarmSchema,
  describe({ stacks, secrets, raft }) {
    const what = stacks === undefined ? 'the whole swarm' : `stacks ${stacks.join(', ')}`
    const values = secrets.values === 'none' ? 'secrets without their values' : 'values of secrets from tasks'
    return [what, values, ...(raft ? ["the manager's state directory"] : [])].join('; ')
  },
  examine: examineSwarm,
  open: openSwarm,
  planRestore: planSwarmRestore,
  verify: (_, point, context) => verifySwarm(point, context),
  settle: (_config, context) => settleRaft(context),
  kept: keptSwarms,
}
