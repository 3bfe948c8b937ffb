import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { danglingReferences } from './references.ts'
import { readSavedSwarm } from './saved-swarm.ts'

/** Reads everything, and follows each reference of a service: no swarm is needed for it, and none is touched. */
export async function verifySwarm(point: SourcePoint, { signal }: ReadContext): Promise<readonly Finding[]> {
  try {
    const saved = await readSavedSwarm(point)
    const findings = danglingReferences(saved.contents).map((what) => wrong(`${what}, which is not in the point`))
    for (const { Name } of saved.contents.configs) {
      signal.throwIfAborted()
      if ((await saved.configData(Name)).length === 0) findings.push(wrong(`the config ${Name} is empty`))
    }
    for (const name of saved.values) {
      signal.throwIfAborted()
      if ((await saved.secretValue(name)).length === 0) findings.push(wrong(`the value of the secret ${name} is empty`))
    }
    return findings
  } catch (error) {
    signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    return [
      { severity: 'error', message: errorMessage(error), ...(error.hint === undefined ? {} : { hint: error.hint }) },
    ]
  }
}

function wrong(message: string): Finding {
  return { severity: 'error', message, hint: 'use another point, and look at the source itself' }
}
