import type { BadCondition, ReminderEvent } from '../event.ts'
import { durationText, timeText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import type { MessageItem } from './message.ts'
import { overdueItems, overdueStep } from './overdue-message.ts'
import { subjectTitle } from './recovery-message.ts'
import { runItems } from './run-items.ts'
import { runFacts } from './run-message.ts'
import { workOf } from './work.ts'

const WORST_FIRST: readonly BadCondition[] = ['overdue', 'failed', 'incomplete']

export function reminderMessage(event: ReminderEvent, context: ComposeContext): Draft {
  const { about, report, items = [], at } = event
  const { words, language } = context
  const condition = WORST_FIRST.find((one) => about.some((stretch) => stretch.condition === one)) ?? 'failed'
  const longest = at - Math.min(...about.map(({ since }) => since))
  const lead = words.lead.reminder(condition, durationText(longest, language))
  return {
    tone: condition === 'incomplete' ? 'warning' : 'bad',
    subject: words.subject.reminder(
      workOf(
        about.map(({ subject }) => subject.job),
        words,
      ),
      condition,
    ),
    lead: words.sentences(about.some(({ unstable }) => unstable) ? [lead, words.lead.unstable()] : [lead]),
    items: [
      ...(items.length > 0 ? overdueItems(items, at, context) : lastingItems(event, context)),
      ...(report ? runItems(report, words) : []),
    ],
    facts: report ? runFacts(report, context) : [],
    next: report ? words.seeLog(`hikae logs ${report.run}`) : overdueStep(items, context),
  }
}

function lastingItems({ about, at }: ReminderEvent, { words, language, timeZone }: ComposeContext): MessageItem[] {
  return about.map((stretch) => ({
    tone: stretch.condition === 'incomplete' ? 'warning' : 'bad',
    title: subjectTitle(stretch, words),
    text: words.item.lasting(
      stretch.condition,
      timeText(stretch.since, timeZone),
      durationText(at - stretch.since, language),
    ),
  }))
}
