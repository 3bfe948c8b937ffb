import type { BadCondition, RunOutcome } from '../event.ts'
import type { Words, Work } from './words.ts'

const BAD: Readonly<Record<BadCondition, string>> = { failed: 'failing', incomplete: 'incomplete', overdue: 'overdue' }
const ENDED: Readonly<Record<RunOutcome, string>> = {
  failed: 'failed',
  incomplete: 'is incomplete',
  succeeded: 'succeeded',
}

const WORK: Readonly<Record<Work, string>> = { backup: 'backup of', check: 'check of', prune: 'pruning of' }

export const english: Words = {
  work: (kind, names) => `${WORK[kind]} ${names}`,
  subject: {
    run: (work, outcome) => `${work.charAt(0).toUpperCase()}${work.slice(1)} ${ENDED[outcome]}`,
    damage: (names) => `Damage found in the ${names.length === 1 ? 'repository' : 'repositories'} ${names.join(', ')}`,
    overdue: (work) => `Overdue: ${work}`,
    reminder: (work, condition) => `Still ${BAD[condition]}: ${work}`,
    recovery: (work) => `Works again: ${work}`,
    digest: () => 'Backup report',
    test: () => 'Test of an alert',
  },
  lead: {
    run(outcome, bad, all) {
      if (outcome === 'succeeded') return `Stored in full: ${count(all, 'source')}.`
      if (bad === 0) return 'Something around the backup went wrong.'
      return `${bad} of ${count(all, 'source')} could not be backed up in full.`
    },
    damage: () => 'Not all that is stored there comes back whole. Remove no other copy before it is repaired.',
    maintenance: (bad, all) =>
      bad === 0
        ? `Done in ${count(all, 'repository', 'repositories')}.`
        : `It could not be done in full in ${bad} of ${count(all, 'repository', 'repositories')}.`,
    overdue: (items) =>
      items === 1
        ? 'The last good backup is older than was promised.'
        : `${items} last good backups are older than was promised.`,
    reminder: (condition, lasted) => `This has been ${BAD[condition]} for ${lasted}.`,
    recovery: () => 'What was reported before is over.',
    notAll: () => 'Other parts of the job still have trouble.',
    unstable: () => 'It comes and goes: until it has been good for a while, there will only be reminders.',
    digest: ({ succeeded, incomplete, failed }) =>
      `${count(succeeded + incomplete + failed, 'run')}: ${succeeded} succeeded, ${incomplete} incomplete, ${failed} failed.`,
    test: () => 'If you can read this, alerts of Hikae arrive here. Nothing is wrong.',
  },
  item: {
    outcome: (outcome) => (outcome === 'succeeded' ? 'good' : outcome),
    runItself: () => 'the run itself',
    repositories: () => 'repositories',
    overdue: (lastGood, rpo) =>
      `${lastGood === null ? 'never backed up' : `last good ${lastGood}`}; promised every ${rpo}`,
    lasting: (condition, since, lasted) => `${BAD[condition]} since ${since}, for ${lasted}`,
    over: (condition, lasted) => `was ${BAD[condition]} for ${lasted}`,
    newest: (lastGood, rpo) =>
      `${lastGood === null ? 'never backed up' : `last good ${lastGood}`}${rpo === undefined ? '' : `, promised every ${rpo}`}`,
    size: (size) => `, ${size}`,
    andMore: (more) => `(and ${more} more)`,
  },
  label: {
    job: 'Job',
    run: 'Run',
    host: 'Host',
    stack: 'Stack',
    started: 'Started',
    took: 'Took',
    period: 'Period',
    stored: 'Stored',
  },
  names: (first, others) => (others === 0 ? first : `${first} and ${others} more`),
  within: (name, job) => `${name} (job ${job})`,
  seeLog: (command) => `see what happened with: ${command}`,
  seeStatus: (command, backup) => `see what is at risk with: ${command}; back up now with: ${backup}`,
  ago: (duration) => `${duration} ago`,
  next: (step) => `Next: ${step}`,
  sentences: (parts) => parts.join(' '),
  more: (left) => `… ${left} more`,
}

function count(amount: number, noun: string, several = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : several}`
}
