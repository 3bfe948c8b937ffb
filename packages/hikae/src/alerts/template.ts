import { nearest } from '../nearest.ts'
import type { Outgoing } from './channel-kind.ts'
import { renderText } from './compose/render-text.ts'

/** What stands in double braces in the body of a webhook. */
export const PLACEHOLDERS = [
  'stack',
  'host',
  'event',
  'tone',
  'subject',
  'lead',
  'text',
  'next',
  'job',
  'run',
  'at',
] as const

export type Placeholder = (typeof PLACEHOLDERS)[number]

export type PlaceholderValues = Readonly<Record<Placeholder, string>>

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g
const LONGEST_TEXT = 100_000

/** Each placeholder replaced by its value, escaped for the place where it stands. */
export function fillTemplate(template: string, values: PlaceholderValues, escape: (text: string) => string): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? escape(values[name as Placeholder]) : whole,
  )
}

/** What is wrong with the placeholders of a template: a sentence for each that is not known. */
export function unknownPlaceholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)]
    .map(([, name = '']) => name)
    .filter((name) => !PLACEHOLDERS.some((known) => known === name))
    .map((name) => {
      const meant = nearest(name, PLACEHOLDERS)
      return `there is no placeholder {{${name}}}; ${meant ? `did you mean {{${meant}}}?` : `there are ${PLACEHOLDERS.join(', ')}`}`
    })
}

/** How a value is written where the content has this type. */
export function escapeFor(contentType: string): (text: string) => string {
  if (isJson(contentType)) return (text) => JSON.stringify(text).slice(1, -1)
  if (/\bx-www-form-urlencoded\b/i.test(contentType)) return encodeURIComponent
  if (/\b(xml|html)\b/i.test(contentType)) return escapeMarkup
  return (text) => text
}

export function isJson(contentType: string): boolean {
  return /[/+]json\b/i.test(contentType)
}

export function placeholderValues({ event, message }: Outgoing): PlaceholderValues {
  const report = 'report' in event ? event.report : undefined
  return {
    stack: event.stack,
    host: event.host,
    event: event.kind,
    tone: message?.tone ?? 'neutral',
    subject: message?.subject ?? '',
    lead: message?.lead ?? '',
    text: message ? renderText(message, { limit: LONGEST_TEXT }) : '',
    next: message?.next ?? '',
    job: report?.job ?? ('job' in event ? event.job : ''),
    run: report?.run ?? ('run' in event ? event.run : ''),
    at: new Date(event.at).toISOString(),
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
