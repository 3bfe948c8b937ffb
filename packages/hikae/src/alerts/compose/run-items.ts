import type { RepositoryResult, RunOutcome, RunReport, SourceResult, Trouble } from '../event.ts'
import type { MessageItem, Tone } from './message.ts'
import type { Words } from './words.ts'

/** A source with thousands of unreadable files must not push out the others. */
const TROUBLES_OF_ONE = 3

const TONES: Readonly<Record<RunOutcome, Tone>> = { failed: 'bad', incomplete: 'warning', succeeded: 'good' }

export function toneOf(outcome: RunOutcome): Tone {
  return TONES[outcome]
}

/** What went wrong in a run: of itself, then source by source, each with its repositories. */
export function runItems({ troubles, outcome, sources, repositories = [] }: RunReport, words: Words): MessageItem[] {
  return [
    ...troubleItems(words.item.runItself(), troubles, toneOf(outcome), words),
    ...repositories.flatMap((result) => repositoryItems(result.repository, result, words)),
    ...sources.flatMap((source) => sourceItems(source, words)),
  ]
}

/** Whether anything of the source is missing somewhere. */
export function isBad({ outcome, repositories }: SourceResult): boolean {
  return outcome !== 'succeeded' || repositories.some((repository) => repository.outcome !== 'succeeded')
}

function sourceItems(result: SourceResult, words: Words): MessageItem[] {
  const { source, outcome, troubles, repositories } = result
  const own = troubleItems(source, troubles, outcome === 'succeeded' ? 'warning' : toneOf(outcome), words)
  const stored = repositories.flatMap((one) => repositoryItems(`${source} → ${one.repository}`, one, words))
  if (own.length > 0 || stored.length > 0 || outcome === 'succeeded') return [...own, ...stored]
  return [plain(source, outcome, words)]
}

function repositoryItems(title: string, { outcome, troubles }: RepositoryResult, words: Words): MessageItem[] {
  if (outcome === 'succeeded') return []
  const items = troubleItems(title, troubles, toneOf(outcome), words)
  return items.length > 0 ? items : [plain(title, outcome, words)]
}

function plain(title: string, outcome: RunOutcome, words: Words): MessageItem {
  return { tone: toneOf(outcome), title, text: words.item.outcome(outcome) }
}

function troubleItems(title: string, troubles: readonly Trouble[], tone: Tone, words: Words): MessageItem[] {
  const left = troubles.length - TROUBLES_OF_ONE
  return troubles.slice(0, TROUBLES_OF_ONE).map(({ message, hint }, index) => ({
    tone,
    title,
    text: left > 0 && index === TROUBLES_OF_ONE - 1 ? `${message} ${words.item.andMore(left)}` : message,
    ...(hint !== undefined && { next: hint }),
  }))
}
