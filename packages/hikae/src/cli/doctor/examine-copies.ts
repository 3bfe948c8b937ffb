import type { Remark, Score } from '../../repositories/three-two-one.ts'
import { type Diagnosis, ok } from './diagnosis.ts'

/** Whether one accident could take everything. */
export function examineCopies({ copies, media, offSite, missing, remarks }: Score): Diagnosis[] {
  const found: Diagnosis[] = []
  for (const remark of remarks) {
    const message = sharedFate(remark)
    const hint = 'add a repository on another disk or machine'
    if (message !== undefined) found.push({ subject: `repository ${remark.label}`, verdict: 'warning', message, hint })
  }
  const lacking = [
    ...(missing.copies > 0 ? [`${copies} of 3 copies`] : []),
    ...(missing.media > 0 ? [`${media} of 2 media`] : []),
    ...(missing.offSite > 0 ? ['none off-site'] : []),
  ]
  if (lacking.length === 0) return [...found, ok('copies', `${copies} copies, ${media} media, ${offSite} off-site`)]
  const hint = 'hikae status says what counts; add a repository in another place'
  return [
    ...found,
    { subject: 'copies', verdict: 'warning', message: `the live data included, ${lacking.join(', ')}`, hint },
  ]
}

/** The survey says itself what is unreachable or empty. */
function sharedFate(remark: Remark): string | undefined {
  if (remark.kind === 'with-live-data')
    return `is on ${remark.description}, as the live data is: one accident takes both`
  if (remark.kind === 'with-sibling')
    return `is on ${remark.description}, as ${remark.sibling} is: one accident takes both`
  return undefined
}
