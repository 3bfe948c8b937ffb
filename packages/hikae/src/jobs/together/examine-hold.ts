import { type ContainerSummary, findContainer } from '../../docker/containers/container.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { refuseUnfit } from '../../docker/quiesce/choose-containers.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../../sources/finding.ts'
import type { SourceContext } from '../../sources/source-kind.ts'
import type { HoldConfig } from './hold-schema.ts'

/** Whether a job could hold still the containers that it names. Touches nothing; programs are not looked at. */
export async function examineHold(
  hold: HoldConfig,
  context: Pick<SourceContext, 'folder' | 'env' | 'signal'>,
): Promise<readonly Finding[]> {
  if ('before' in hold) return []
  const findings: Finding[] = []
  const trying = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      context.signal.throwIfAborted()
      const hint = isKnownError(error) ? error.hint : undefined
      findings.push({ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) })
    }
  }
  await trying(async () => {
    await using engine = await openConfiguredEngine(hold.engine === undefined ? {} : { engine: hold.engine }, context)
    const toStop: ContainerSummary[] = []
    for (const name of hold.stop) await trying(async () => toStop.push(await findContainer(engine, name)))
    for (const name of hold.pause) await trying(() => findContainer(engine, name))
    await trying(() => refuseUnfit(engine, toStop, 'stop'))
  })
  return findings
}
