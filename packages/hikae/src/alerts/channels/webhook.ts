import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import type { ChannelKind, Outgoing } from '../channel-kind.ts'
import { renderText } from '../compose/render-text.ts'
import { webAddress } from '../sending/http-request.ts'
import {
  escapeFor,
  fillTemplate,
  isJson,
  placeholderValues,
  PLACEHOLDERS,
  type PlaceholderValues,
  unknownPlaceholders,
} from '../template.ts'

const LONGEST_TEXT = 100_000

const settings = z
  .strictObject({
    url: secretSchema.describe('the address'),
    method: z.enum(['POST', 'PUT', 'PATCH', 'GET']).default('POST').describe('how it is called; GET has no body'),
    headers: z
      .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'this is no name of a header' }), secretSchema)
      .default({})
      .describe('more headers, such as Authorization'),
    contentType: z.string().min(1).default('application/json').describe('of the body; says how values are escaped'),
    body: z
      .union([z.string(), z.record(z.string(), z.json())])
      .optional()
      .describe(
        `what is sent, a text or a mapping that becomes JSON, with ${PLACEHOLDERS.map((name) => `{{${name}}}`).join(' ')}; by default everything as JSON`,
      ),
  })
  .superRefine((given, context) => {
    for (const message of problemsOf(given)) context.addIssue({ code: 'custom', path: ['body'], message })
  })
  .describe('any address that takes a request')

type Settings = z.output<typeof settings>

export const webhook: ChannelKind<Settings> = {
  kind: 'webhook',
  audience: 'people',
  settings,
  async send(outgoing, given, context) {
    if (!outgoing.message) return 'nothing'
    const url = webAddress(await context.secret(given.url, 'url'), 'url')
    const headers: Record<string, string> = {}
    for (const [name, reference] of Object.entries(given.headers)) {
      headers[name.toLowerCase()] = await context.secret(reference, `header ${name}`)
    }
    if (given.method === 'GET') {
      await context.request({ method: 'GET', url, headers })
      return 'sent'
    }
    const body = bodyOf(given, outgoing)
    const { method, contentType } = given
    await context.request({ method, url, headers: { 'content-type': contentType, ...headers }, body })
    return 'sent'
  },
}

function bodyOf({ body, contentType }: Pick<Settings, 'body' | 'contentType'>, outgoing: Outgoing): string {
  if (body === undefined) return everything(outgoing)
  const values = placeholderValues(outgoing)
  if (typeof body === 'string') return fillTemplate(body, values, escapeFor(contentType))
  return JSON.stringify(filled(body, values))
}

/** Text in a mapping is escaped when the whole becomes JSON. */
function filled(value: unknown, values: PlaceholderValues): unknown {
  if (typeof value === 'string') return fillTemplate(value, values, (text) => text)
  if (Array.isArray(value)) return value.map((item) => filled(item, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, values)]))
}

function everything({ event, message }: Outgoing): string {
  const text = message && renderText(message, { limit: LONGEST_TEXT })
  return JSON.stringify({ version: 1, event, message: { ...message, text } })
}

function problemsOf({ body, method, contentType }: Settings): string[] {
  if (body === undefined) return []
  if (method === 'GET') return ['a GET has no body: leave it out, or use POST']
  if (typeof body !== 'string') {
    if (!isJson(contentType)) return [`a mapping becomes JSON, but contentType is ${contentType}`]
    return unknownPlaceholders(JSON.stringify(body))
  }
  const unknown = unknownPlaceholders(body)
  if (unknown.length > 0 || !isJson(contentType)) return unknown
  const sample = Object.fromEntries(PLACEHOLDERS.map((name) => [name, 'a "quoted"\nline'])) as PlaceholderValues
  try {
    JSON.parse(fillTemplate(body, sample, escapeFor(contentType)))
    return []
  } catch {
    return [
      'this is not JSON once the values are in it; placeholders stand in quotes there, as in {"text": "{{text}}"}',
    ]
  }
}
