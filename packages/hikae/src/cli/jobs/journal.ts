import type { RunJournal } from '../../jobs/run-journal.ts'
import type { LogEntry } from '../../state/log-entry.ts'
import type { RunLog } from '../../state/run-log.ts'
import type { RunId, StepRecord } from '../../state/run-record.ts'
import type { State } from '../../state/state.ts'

/** Writes a run down in the history and in its log. */
export function journalOf(run: RunId, { runs }: State, log: RunLog): RunJournal {
  return {
    beginStep: (start) => runs.beginStep(run, start),
    endStep(step, end) {
      const ended = runs.endStep(run, step, end)
      log.write(entryOf(ended))
      return ended
    },
    addSource: (result) => runs.addSource(run, result),
    log: (entry) => log.write(entry),
  }
}

function entryOf({ number, kind, source, repository, outcome, message, hint, facts }: StepRecord): LogEntry {
  const isGood = outcome === 'succeeded' || outcome === 'skipped'
  return {
    level: isGood ? 'info' : outcome === 'incomplete' ? 'warning' : 'error',
    step: number,
    event: kind,
    source,
    repository,
    message: [`${kind} ${outcome}`, message, hint].filter((part) => part !== undefined && part !== '').join('; '),
    fields: facts,
  }
}
