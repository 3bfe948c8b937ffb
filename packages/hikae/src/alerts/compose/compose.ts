import type { AlertEvent } from '../event.ts'
import { digestMessage } from './digest-message.ts'
import type { ComposeContext, ComposeOptions, Draft } from './draft.ts'
import { wordsOf } from './languages.ts'
import type { Message, MessageFact } from './message.ts'
import { oneLine } from './one-line.ts'
import { overdueMessage } from './overdue-message.ts'
import { recoveryMessage } from './recovery-message.ts'
import { reminderMessage } from './reminder-message.ts'
import { runMessage } from './run-message.ts'

/** What people are told; undefined when they are told nothing, as of a run that starts. */
export function compose(event: AlertEvent, options: ComposeOptions): Message | undefined {
  const context = { ...options, words: wordsOf(options.language) }
  const draft = draftOf(event, context)
  if (!draft) return undefined
  const { label } = context.words
  const origin: MessageFact[] = [
    { label: label.stack, value: event.stack },
    { label: label.host, value: event.host },
  ]
  return clean({
    language: options.language,
    ...draft,
    subject: `[${event.stack}] ${draft.subject}`,
    facts: [...draft.facts, ...origin],
  })
}

function draftOf(event: AlertEvent, context: ComposeContext): Draft | undefined {
  const { words } = context
  switch (event.kind) {
    case 'start':
      return undefined
    case 'failure':
    case 'incomplete':
    case 'success':
      return runMessage(event, context)
    case 'overdue':
      return overdueMessage(event, context)
    case 'reminder':
      return reminderMessage(event, context)
    case 'recovery':
      return recoveryMessage(event, context)
    case 'digest':
      return digestMessage(event, context)
    case 'test':
      return { tone: 'neutral', subject: words.subject.test(), lead: words.lead.test(), items: [], facts: [] }
  }
}

function clean(message: Message): Message {
  const visit = <T>(value: T): T => {
    if (typeof value === 'string') return oneLine(value) as T
    if (Array.isArray(value)) return value.map(visit) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)])) as T
  }
  return visit(message)
}
