import { InputError } from '../../errors.ts'
import type { RunRecord } from '../../state/run-record.ts'
import type { Runs } from '../../state/runs.ts'
import { printableText } from '../output/printable.ts'

/** So many are named when a beginning is not unique. */
const NAMED = 5

/** The run whose id begins so. @throws {InputError} there is none, or more than one */
export function runNamed(runs: Runs, beginning: string): RunRecord {
  const [found, ...others] = runs.beginningWith(beginning.toUpperCase().replace(/-.*$/, (end) => end.toLowerCase()))
  if (found === undefined) {
    throw new InputError(`there is no run ${printableText(beginning)}`, { hint: 'hikae history lists those there are' })
  }
  if (others.length === 0) return found
  const ids = [found, ...others].map(({ id }) => id)
  const more = ids.length > NAMED ? ', …' : ''
  throw new InputError(
    `several runs begin with ${printableText(beginning)}: ${ids.slice(0, NAMED).join(', ')}${more}`,
    {
      hint: 'give more of the id',
    },
  )
}

/** The newest run, of this job or of any. @throws {InputError} there is none */
export function lastRun(runs: Runs, job: string | undefined): RunRecord {
  const [found] = runs.list({ limit: 1, ...(job === undefined ? {} : { job }) })
  if (found !== undefined) return found
  throw new InputError(job === undefined ? 'there is no run yet' : `there is no run of the job ${printableText(job)}`, {
    hint: 'hikae history lists the runs there are',
  })
}
