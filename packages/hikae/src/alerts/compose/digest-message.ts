import type { DigestEvent, DigestSource } from '../event.ts'
import { durationText, sizeText, timeText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import type { MessageFact, MessageItem } from './message.ts'

export function digestMessage({ digest }: DigestEvent, context: ComposeContext): Draft {
  const { words, timeZone } = context
  const { from, to, runs, storedBytes, sources } = digest
  const items = sources.map((source) => sourceItem(source, to, context))
  const isGood = runs.failed === 0 && runs.incomplete === 0 && items.every(({ tone }) => tone === 'good')
  const facts: MessageFact[] = [
    { label: words.label.period, value: `${timeText(from, timeZone)} – ${timeText(to, timeZone)}` },
  ]
  if (storedBytes !== undefined) facts.push({ label: words.label.stored, value: sizeText(storedBytes) })
  return {
    tone: isGood ? 'good' : 'warning',
    subject: words.subject.digest(),
    lead: words.lead.digest(runs),
    // What is wrong first: a short message must not cut it away.
    items: [...items.filter(({ tone }) => tone !== 'good'), ...items.filter(({ tone }) => tone === 'good')],
    facts,
  }
}

function sourceItem(source: DigestSource, now: number, { words, language }: ComposeContext): MessageItem {
  const { lastGood, rpoMs, sizeBytes } = source
  const ageMs = lastGood === null ? Infinity : now - lastGood
  const isKept = lastGood !== null && ageMs <= (rpoMs ?? Infinity)
  const newest = words.item.newest(
    lastGood === null ? null : words.ago(durationText(ageMs, language)),
    rpoMs === undefined ? undefined : durationText(rpoMs, language),
  )
  return {
    tone: isKept ? 'good' : 'bad',
    title: words.within(source.source, source.job),
    text: `${newest}${sizeBytes === undefined ? '' : words.item.size(sizeText(sizeBytes))}`,
  }
}
