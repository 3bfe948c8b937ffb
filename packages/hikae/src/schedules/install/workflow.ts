import { describeSchedule, isTimed } from '../schedule.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { utcMinutesOfDay, utcWeekdays } from './start-times.ts'

export interface WorkflowRequest {
  readonly stack: string
  readonly jobs: readonly ScheduledJob[]
  /** Of the stack file in the git repository, from its root. */
  readonly config: string
  /** Of the program, as npm knows it. */
  readonly version: string
  /** Names of variables that the stack file wants; each is a secret of the same name. */
  readonly variables: readonly string[]
  readonly now: Date
}

/** Times by which GitHub fires, at most once in five minutes. */
interface Trigger {
  readonly cron: string
  readonly jobs: string[]
}

/**
 * A workflow for GitHub Actions that asks what is due, at every time in UTC at which something may be. What ran when is
 * kept in the cache of the workflow: when that is lost, a job runs at its next time.
 */
export function workflowText(request: WorkflowRequest): string {
  const { stack, config, version, variables, jobs, now } = request
  const timed = jobs.filter(({ schedule }) => isTimed(schedule))
  const schedule = triggersOf(timed, now).map(({ cron, jobs }) => `    - cron: '${cron}' # ${jobs.join(', ')}`)
  const facts = timed.map((job) => `# ${job.name}: ${describeSchedule(job.schedule)}, ${job.timeZone}`)
  const env = variables.map((name) => `          ${name}: \${{ secrets.${name} }}`)
  return `${workflowMark(stack)}
${facts.join('\n')}
name: ${yamlText(`Hikae: ${stack}`)}
on:
  workflow_dispatch:
    inputs:
      job:
        description: Run this job now, due or not
        required: false
${schedule.length === 0 ? '' : `  schedule:\n${schedule.join('\n')}\n`}permissions:
  contents: read
concurrency:
  group: hikae-${stack}
  cancel-in-progress: false
jobs:
  backup:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: npm install --global ${yamlText(`hikae@${version}`)}
      - uses: actions/cache/restore@v4
        with:
          path: \${{ runner.temp }}/hikae-state
          key: hikae-state-${stack}-\${{ github.run_id }}-\${{ github.run_attempt }}
          restore-keys: hikae-state-${stack}-
      - name: Back up
        env:
          JOB: \${{ inputs.job }}
          STACK_FILE: ${yamlText(config)}
          XDG_STATE_HOME: \${{ runner.temp }}/hikae-state
${env.length === 0 ? '' : `${env.join('\n')}\n`}        run: |
          if [ -n "$JOB" ]; then
            hikae backup --config "$STACK_FILE" -- "$JOB"
          else
            hikae backup --config "$STACK_FILE" --due
          fi
      - uses: actions/cache/save@v4
        if: always()
        with:
          path: \${{ runner.temp }}/hikae-state
          key: hikae-state-${stack}-\${{ github.run_id }}-\${{ github.run_attempt }}
`
}

/** The first line of a workflow of ours. */
export function workflowMark(stack: string): string {
  return `# Made by \`hikae schedule install --with github\` for the stack ${stack}. Times are UTC; the program knows when something is due.`
}

/** One line for each minute of the hour and set of weekdays, and jobs that share it. */
function triggersOf(jobs: readonly ScheduledJob[], now: Date): Trigger[] {
  const triggers = new Map<string, Trigger>()
  for (const job of jobs) {
    const weekdays = utcWeekdays(job, now)
    const minutes = utcMinutesOfDay(job, now)
    const hoursByMinute = Map.groupBy(minutes, (minute) => minute % 60)
    const minutesByHours = Map.groupBy(hoursByMinute.keys(), (minute) =>
      listText(
        hoursByMinute.get(minute)!.map((each) => Math.floor(each / 60)),
        24,
      ),
    )
    for (const [hours, minutes] of minutesByHours) {
      const cron = `${listText(minutes, 60)} ${hours} * * ${listText(weekdays, 7)}`
      const known = triggers.get(cron)
      if (known) known.jobs.push(job.name)
      else triggers.set(cron, { cron, jobs: [job.name] })
    }
  }
  return [...triggers.values()]
}

function listText(numbers: readonly number[], all: number): string {
  return numbers.length === all ? '*' : numbers.join(',')
}

/** A JSON text is a YAML text. */
function yamlText(text: string): string {
  return JSON.stringify(text)
}
