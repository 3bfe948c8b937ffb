import { largestThatFits } from './largest-that-fits.ts'
import { clip } from './one-line.ts'
import type { Message, MessageItem, Tone } from './message.ts'
import { wordsOf } from './languages.ts'

export interface TextLimit {
  /** In the unit of `measure`. */
  readonly limit: number
  /** UTF-16 units unless told. */
  readonly measure?: (text: string) => number
}

/** One error message of several pages must not push out all others. */
const LONGEST_LINE = 500

const MARKS: Readonly<Record<Tone, string>> = { bad: '✗', warning: '!', good: '✓', neutral: '-' }

/** A message without its subject, as plain text. When it does not fit, items are left out, and it says how many. */
export function renderText(message: Message, { limit, measure = (text) => text.length }: TextLimit): string {
  const { items } = message
  const textOf = (count: number): string => layOut(message, items.slice(0, count))
  const text = textOf(largestThatFits(items.length, (count) => measure(textOf(count)) <= limit))
  return measure(text) <= limit ? text : clipTo(text, { limit, measure })
}

/** The lines of one item: what and why, then what to do. */
export function renderItem({ tone, title, text, next }: MessageItem, language: Message['language']): string {
  const what = `${MARKS[tone]} ${title}${text === undefined ? '' : `: ${text}`}`
  const step = next === undefined ? [] : [`  ${wordsOf(language).next(clip(next, LONGEST_LINE))}`]
  return [clip(what, LONGEST_LINE), ...step].join('\n')
}

function layOut({ lead, items: all, facts, next, language }: Message, items: readonly MessageItem[]): string {
  const words = wordsOf(language)
  const left = all.length - items.length
  const lines = items.map((item) => renderItem(item, language))
  if (left > 0) lines.push(words.more(left))
  const about = facts.map(({ label, value }) => clip(`${label}: ${value}`, LONGEST_LINE))
  const parts = [clip(lead, LONGEST_LINE), lines.join('\n'), about.join('\n'), next && words.next(next)]
  return parts.filter(Boolean).join('\n\n')
}

function clipTo(text: string, { limit, measure }: Required<TextLimit>): string {
  let length = Math.min(text.length, limit)
  while (length > 0 && measure(clip(text, length)) > limit) length = Math.floor(length * 0.9)
  return clip(text, length)
}
