import { endOfWaiting, type KnownSources } from '../jobs/labelled/known-sources.ts'
import { formatTime } from '../output/format.ts'
import { type Diagnosis, ok } from './diagnosis.ts'

const SUBJECT = 'labels of containers'

/** Whether containers bring the sources that they should; nothing where none are looked for. */
export function examineDiscovery({ stack, gone }: KnownSources): Diagnosis[] {
  if (stack.discovery === 'none') return []
  const found = [
    ...stack.findings.map(({ severity, message, hint }): Diagnosis => ({
      ...{ subject: SUBJECT, verdict: severity, message },
      hint: hint ?? 'correct the labels, and make the container anew',
    })),
    ...gone.map(({ source, container, lastSeen }): Diagnosis => ({
      ...{ subject: `source ${source}`, verdict: 'warning' },
      message: `the container ${container}, which brought it, was last seen at ${formatTime(lastSeen)}: nothing saves it now`,
      hint: endOfWaiting({ source, container }),
    })),
  ]
  if (found.length > 0) return found
  const names = stack.labelled.map(({ source, container }) => `${source.name} (${container})`)
  return [ok(SUBJECT, names.length === 0 ? 'no container brings a source' : names.join(', '))]
}
