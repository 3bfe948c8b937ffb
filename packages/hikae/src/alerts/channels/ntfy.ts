import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { messageChannel } from '../channel-kind.ts'
import type { Message, Tone } from '../compose/message.ts'
import { clip } from '../compose/one-line.ts'
import { renderText } from '../compose/render-text.ts'
import { jsonRequest } from '../sending/http-request.ts'

/** A longer message becomes a file that nobody opens. */
const LONGEST_MESSAGE_BYTES = 4096
const LONGEST_TITLE = 200

/** Names that ntfy shows as symbols. */
const TAGS: Readonly<Record<Tone, string>> = {
  bad: 'rotating_light',
  warning: 'warning',
  good: 'white_check_mark',
  neutral: 'information_source',
}
const HIGHEST_PRIORITY = 5
const PRIORITIES: Readonly<Record<Tone, number>> = { bad: 4, warning: 3, good: 2, neutral: 3 }

const settings = z
  .strictObject({
    server: z
      .url({ protocol: /^https?$/ })
      .default('https://ntfy.sh')
      .describe('the server of the topic'),
    topic: secretSchema.describe('the topic; whoever knows it can read the alerts'),
    token: secretSchema.optional().describe('an access token, for topics that are protected'),
    priority: z.int().min(1).max(5).optional().describe('1 to 5; by default it depends on what happened'),
  })
  .describe('a topic of ntfy')

/** https://docs.ntfy.sh/publish/#publish-as-json */
export const ntfy = messageChannel('ntfy', settings, async (message, { server, topic, token, priority }, context) => {
  const body = ntfyBody(message, await context.secret(topic, 'topic'), priority)
  const secret = token && (await context.secret(token, 'token'))
  await context.request(jsonRequest(new URL(server), body, secret ? { authorization: `Bearer ${secret}` } : {}))
})

function ntfyBody(message: Message, topic: string, priority: number | undefined): unknown {
  return {
    topic,
    title: clip(message.subject, LONGEST_TITLE),
    message: renderText(message, { limit: LONGEST_MESSAGE_BYTES, measure: (text) => Buffer.byteLength(text) }),
    tags: [TAGS[message.tone]],
    priority: priority ?? (message.isUrgent ? HIGHEST_PRIORITY : PRIORITIES[message.tone]),
  }
}
