import { errorMessage, isKnownError } from '../../errors.ts'
import { asWarnings, type Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { SwarmConfig } from './config.ts'
import { readLiveSwarm } from './manager/live-swarm.ts'
import { openManager } from './manager/open-manager.ts'
import { raftFindings } from './raft/raft-findings.ts'
import { findMountedSecrets, whyUnreadable } from './read/secret-values.ts'
import { missingStacks } from './read/open-swarm.ts'
import { selectStacks } from './select-stacks.ts'

/** Asks the manager for lists, and reads neither contents nor values. What is missing leaves the rest to be saved. */
export async function examineSwarm(config: SwarmConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using manager = await openManager(config, context)
    const live = await readLiveSwarm(manager.api)
    const missing = missingStacks(config, live.contents)
    const isNothingThere = missing.length > 0 && missing.length === config.stacks?.length
    const findings = [
      ...(isNothingThere ? missing : asWarnings(missing)),
      ...asWarnings(await raftFindings(config, manager, live.contents)),
    ]
    if (config.secrets.values === 'none') return findings
    const mounted = await findMountedSecrets(manager, live)
    const { secrets } = selectStacks(live.contents, config.stacks)
    return [...findings, ...secrets.flatMap((secret) => whyUnreadable(secret, mounted) ?? [])]
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    return [
      { severity: 'error', message: errorMessage(error), ...(error.hint === undefined ? {} : { hint: error.hint }) },
    ]
  }
}
