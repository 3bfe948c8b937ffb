import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { messageChannel } from '../channel-kind.ts'
import type { Message, Tone } from '../compose/message.ts'
import { clip } from '../compose/one-line.ts'
import { renderText } from '../compose/render-text.ts'
import { jsonRequest, webAddress } from '../sending/http-request.ts'

const LONGEST_HEADER = 150
const LONGEST_SECTION = 3000
const LONGEST_FIELD = 2000
const MOST_FIELDS = 10

const COLORS: Readonly<Record<Tone, string>> = {
  bad: '#d1242f',
  warning: '#bf8700',
  good: '#1a7f37',
  neutral: '#57606a',
}

const settings = z
  .strictObject({ url: secretSchema.describe('the incoming webhook address of the Slack channel') })
  .describe('a Slack channel, through an incoming webhook')

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const slack = messageChannel('slack', settings, async (message, { url }, context) => {
  const address = webAddress(await context.secret(url, 'url'), 'url')
  await context.request(jsonRequest(address, slackBody(message)))
})

/** Texts are plain, so that names of files are neither formatted nor taken for mentions. */
function slackBody(message: Message): unknown {
  const { subject, facts, tone } = message
  const text = renderText({ ...message, facts: [] }, { limit: LONGEST_SECTION })
  const fields = facts.slice(0, MOST_FIELDS).map(({ label, value }) => plain(clip(`${label}: ${value}`, LONGEST_FIELD)))
  return {
    // For notifications; the only text here in which Slack sees markup.
    text: escapeControl(subject),
    blocks: [{ type: 'header', text: plain(clip(subject, LONGEST_HEADER)) }],
    attachments: [
      {
        color: COLORS[tone],
        blocks: [{ type: 'section', text: plain(text) }, ...(fields.length > 0 ? [{ type: 'section', fields }] : [])],
      },
    ],
  }
}

function plain(text: string) {
  return { type: 'plain_text', text, emoji: false }
}

function escapeControl(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
