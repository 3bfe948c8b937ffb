import { access, constants } from 'node:fs/promises'
import type { Finding } from '../../finding.ts'
import type { RaftConfig, SwarmConfig } from '../config.ts'
import { isLocked, type SwarmContents } from '../documents.ts'
import type { Manager } from '../manager/open-manager.ts'

/** What stands in the way of copying the state directory of a manager; nothing is stopped for it. */
export async function raftFindings(
  { raft }: Pick<SwarmConfig, 'raft'>,
  { api }: Pick<Manager, 'api'>,
  contents: Pick<SwarmContents, 'settings'>,
): Promise<Finding[]> {
  if (!raft) return []
  const findings: Finding[] = []
  const { address } = api.engine
  if (!(await api.engine.isOnThisHost())) {
    findings.push(
      wrong(
        `the state directory of the manager at ${address} cannot be copied from here: it is not on this machine`,
        'run Hikae on that machine, outside of a container, or leave `raft` out',
      ),
    )
  } else if (!(await isReadable(raft))) {
    findings.push(
      wrong(`${raft.folder} is not there, or cannot be read`, 'run Hikae as root, and say with `folder:` where it is'),
    )
  }
  if (isLocked(contents) && raft.unlock === undefined) {
    findings.push(
      wrong(
        `the manager at ${address} is locked after each start, and nothing would unlock it`,
        'say with `unlock:` which program gives it the unlock key, or leave `raft` out',
      ),
    )
  }
  return findings
}

async function isReadable({ folder }: RaftConfig): Promise<boolean> {
  return await access(folder, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
}

function wrong(message: string, hint: string): Finding {
  return { severity: 'error', message, hint }
}
