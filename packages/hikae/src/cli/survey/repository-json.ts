import { addressOf } from '../../repositories/location.ts'
import { latestCheck } from '../check/last-check.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import { freshnessJson, freshnessOf } from './freshness.ts'
import { newestSnapshot, type SurveyedRepository } from './survey.ts'

/** A repository for programs, in `repository list` and `status`. */
export function repositoryJson(repository: SurveyedRepository, all: readonly SurveyedRepository[]): object {
  const { chosen } = repository
  const base = { name: chosen.name ?? null, address: addressOf(chosen.location) }
  if (repository.kind === 'missed') {
    const { error } = repository
    return {
      ...base,
      reachable: false,
      error: { message: errorMessage(error), ...(isKnownError(error) ? { code: error.code, hint: error.hint } : {}) },
    }
  }
  const { repositoryId, snapshots, damaged, storedBytes, freeBytes, checks } = repository
  const check = latestCheck(checks)
  return {
    ...base,
    reachable: true,
    id: repositoryId,
    snapshots: snapshots.length,
    damaged_snapshots: damaged,
    last_write: newestSnapshot(repository)?.time ?? null,
    last_check: check ?? null,
    checks,
    ...(storedBytes === undefined ? {} : { stored_bytes: storedBytes }),
    ...(freeBytes === undefined ? {} : { free_bytes: freeBytes }),
    ...freshnessJson(freshnessOf(repository, all)),
  }
}
