import { domainFacts } from '../../repositories/domain-facts.ts'
import { failureDomain, type LiveData, liveDomain } from '../../repositories/failure-domain.ts'
import { storageFacts } from '../../repositories/storage-facts.ts'
import { type Score, threeTwoOne } from '../../repositories/three-two-one.ts'
import type { SurveyedRepository } from './survey.ts'

/** Of repositories as they answered; the data that is backed up is taken to be on the system's disk. */
export async function scoreOf(repositories: readonly SurveyedRepository[], signal: AbortSignal): Promise<Score> {
  const live: LiveData = { storage: (await storageFacts('/')) ?? SOME_DISK }
  const scored = await Promise.all(
    repositories.map(async (repository) => ({
      label: repository.label,
      domain: failureDomain(await domainFacts(repository.chosen, signal), live),
      holds: holdingOf(repository),
    })),
  )
  return threeTwoOne(liveDomain(live), scored)
}

/** Where the kernel does not tell. */
const SOME_DISK: LiveData['storage'] = { kind: 'disks', disks: ['of this machine'], isRemovable: false }

function holdingOf(repository: SurveyedRepository): 'snapshots' | 'nothing' | 'unknown' {
  if (repository.kind === 'missed') return 'unknown'
  return repository.snapshots.length > 0 ? 'snapshots' : 'nothing'
}
