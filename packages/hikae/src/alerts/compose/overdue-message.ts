import type { Freshness, OverdueEvent } from '../event.ts'
import { durationText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import type { MessageItem } from './message.ts'

export function overdueMessage({ items, at, unstable }: OverdueEvent, context: ComposeContext): Draft {
  const { words } = context
  const [first, ...others] = items.map(({ job, source }) => source ?? job)
  const lead = words.lead.overdue(items.length)
  return {
    tone: 'bad',
    subject: words.subject.overdue(words.work('backup', words.names(first ?? '', others.length))),
    lead: words.sentences(unstable ? [lead, words.lead.unstable()] : [lead]),
    items: overdueItems(items, at, context),
    facts: [],
    next: overdueStep(items, context),
  }
}

export function overdueItems(items: readonly Freshness[], now: number, context: ComposeContext): MessageItem[] {
  const { words, language } = context
  return items.map(({ job, source, lastGood, rpoMs }) => ({
    tone: 'bad',
    title: source === undefined ? job : words.within(source, job),
    text: words.item.overdue(
      lastGood === null ? null : words.ago(durationText(now - lastGood, language)),
      durationText(rpoMs, language),
    ),
  }))
}

export function overdueStep(items: readonly Freshness[], { words }: ComposeContext): string {
  const jobs = [...new Set(items.map(({ job }) => job))]
  return words.seeStatus('hikae status', `hikae backup ${jobs.join(' ')}`)
}
