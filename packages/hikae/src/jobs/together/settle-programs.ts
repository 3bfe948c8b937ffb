import { z } from 'zod'
import { sweepLocks, tryLock } from '../../docker/quiesce/container-lock.ts'
import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import { runAfter } from './program-hold.ts'
import { lockOfProgram, programRecordIds, programRecordPath, readProgramRecord } from './program-record.ts'

/**
 * Runs the programs that let go on what killed runs of a job have made to hold still. What belongs to a run that lives is
 * left alone.
 *
 * @returns what goes on again (`warning`), and what does not, which is tried again the next time (`error`)
 */
export async function settlePrograms(context: ReadContext): Promise<readonly Finding[]> {
  const folder = await context.stateFolder()
  const findings: Finding[] = []
  for (const id of await programRecordIds(folder)) {
    context.signal.throwIfAborted()
    using lock = tryLock(folder, lockOfProgram(id))
    // Its process lives, and will do it.
    if (lock) findings.push(...(await settleProgram(folder, id, context)))
  }
  sweepLocks(folder, 'program-')
  return findings
}

async function settleProgram(folder: string, id: string, context: ReadContext): Promise<readonly Finding[]> {
  try {
    const record = await readProgramRecord(folder, id)
    if (!record) return []
    const findings = await runAfter(record, folder, context)
    if (findings.length > 0) return findings
    const what = `what an earlier run had made to hold still since ${record.heldAt} goes on again`
    return [{ severity: 'warning', message: what, hint: 'find out from `hikae history` what became of that run' }]
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    const path = programRecordPath(folder, id)
    return [
      {
        severity: 'error',
        message: `${path} says how to let go on what an earlier run has made to hold still, and cannot be read`,
        hint: 'let it go on by hand, as hold: of the job says, and remove that file',
      },
    ]
  }
}
