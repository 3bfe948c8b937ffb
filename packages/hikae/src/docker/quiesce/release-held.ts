import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import { parseEngineAddress } from '../engine-address.ts'
import { type DockerEngine, openEngine } from '../engine.ts'
import { containerLocks, sweepLocks, tryLock } from './container-lock.ts'
import { type HoldRecord, lockOfRecord, readRecords, recordPath, sweepRecords, writeRecord } from './hold-record.ts'
import { endedAtOnce, notBack } from './release-findings.ts'
import { undoContainers, type UndoneContainer } from './undo-containers.ts'

/**
 * Lets go on what a killed run has left held still, on the engine that it was held on. What belongs to a run that lives is
 * left alone, and no engine is even opened when there is nothing to do.
 *
 * @returns what goes on again (`warning`), and what does not, which is tried again the next time (`error`)
 */
export async function releaseHeld(context: ReadContext): Promise<readonly Finding[]> {
  const folder = await context.stateFolder()
  const { records, unreadable } = await readRecords(folder)
  const findings = unreadable.map(nonsense)
  for (const { id } of records) {
    context.signal.throwIfAborted()
    using lock = tryLock(folder, lockOfRecord(id))
    // Its process lives, and will do it.
    if (!lock) continue
    const record = (await readRecords(folder)).records.find((one) => one.id === id)
    if (record) findings.push(...(await releaseRecord(record, folder, context)))
  }
  await sweepRecords(folder)
  sweepLocks(containerLocks(context.env))
  return findings
}

async function releaseRecord(record: HoldRecord, folder: string, context: ReadContext): Promise<readonly Finding[]> {
  await using owned = new AsyncDisposableStack()
  let results: readonly UndoneContainer[]
  try {
    const engine = owned.use(await openEngineOf(record, context))
    const locks = containerLocks(context.env)
    results = await undoContainers({ engine, record, locks, log: context.log, signal: context.signal })
  } catch (error) {
    context.signal.throwIfAborted()
    return record.containers.map(({ name }) => unreached(name, record, error, folder))
  }
  const left = new Set(results.filter(({ error }) => error !== undefined).map(({ held }) => held))
  await writeRecord(folder, { ...record, containers: record.containers.filter((held) => left.has(held)) })
  context.signal.throwIfAborted()
  return results.flatMap((result) => findingsOf(result, context))
}

/** Another one may have a container of that name, and would say of this one that there is none. */
async function openEngineOf({ engine, tls }: HoldRecord, { env, signal }: ReadContext): Promise<DockerEngine> {
  const { ca, cert, key } = tls ?? {}
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  return await openEngine(parseEngineAddress(engine, tls && files), env, signal)
}

const HELD = { stop: 'stopped', pause: 'paused', exec: 'quiesced' } as const

function findingsOf(
  { held: { name, heldAt, how }, undone, error, endedAgain }: UndoneContainer,
  { log }: ReadContext,
): Finding[] {
  if (error !== undefined) return [notBack(name, error)]
  const left = `the container ${name}, which a killed run had left ${HELD[how]} since ${heldAt}`
  if (undone?.isLeftToAnother) log(`${left}, is held by another run too, which lets it go on`)
  if (undone?.isLeftEnded) {
    const hint = `if it is to run: \`docker start ${name}\``
    return [{ severity: 'warning', message: `${left}, ${undone.disturbance}`, hint }]
  }
  if (undone?.disturbance !== undefined) log(`${left}, ${undone.disturbance}`)
  if (endedAgain !== undefined) return [endedAtOnce(name, endedAgain)]
  if (!undone?.isBack) return []
  return [
    {
      severity: 'warning',
      message: `${left}, goes on again`,
      hint: 'find out from `hikae history` what ended that run',
    },
  ]
}

function unreached(name: string, { engine, id }: HoldRecord, error: unknown, folder: string): Finding {
  const hint = isKnownError(error) && error.hint !== undefined ? `${error.hint}; ` : ''
  return {
    severity: 'error',
    message: `the container ${name}, which a killed run has left held still on the Docker Engine at ${engine}, does not go on: ${errorMessage(error)}`,
    hint: `${hint}Hikae tries again at its next start. If that engine is gone for good, or the container goes on already (\`docker --host ${engine} ps --all\`), remove ${recordPath(folder, id)}`,
  }
}

function nonsense(path: string): Finding {
  return {
    severity: 'error',
    message: `${path} says which containers a killed run has left held still, and cannot be read`,
    hint: 'see with `docker ps --all` whether all run that should, then remove that file',
  }
}
