import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { messageChannel } from '../channel-kind.ts'
import type { Message, Tone } from '../compose/message.ts'
import { clip } from '../compose/one-line.ts'
import { renderText } from '../compose/render-text.ts'
import { jsonRequest, webAddress } from '../sending/http-request.ts'

const LONGEST_TITLE = 256
/** 4096 are allowed; 6000 for everything in the embed, of which title and fields of ours take up to 2000. */
const LONGEST_DESCRIPTION = 4000
/** 1024 are allowed. */
const LONGEST_FIELD_VALUE = 100
const MOST_FIELDS = 25

const COLORS: Readonly<Record<Tone, number>> = { bad: 0xd1242f, warning: 0xbf8700, good: 0x1a7f37, neutral: 0x57606a }

const settings = z
  .strictObject({ url: secretSchema.describe('the webhook address of the Discord channel') })
  .describe('a Discord channel, through a webhook')

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export const discord = messageChannel('discord', settings, async (message, { url }, context) => {
  const address = webAddress(await context.secret(url, 'url'), 'url')
  await context.request(jsonRequest(address, discordBody(message)))
})

/** One embed. */
function discordBody(message: Message): unknown {
  const { facts, tone, subject } = message
  const description = renderText({ ...message, facts: [] }, { limit: LONGEST_DESCRIPTION, measure: escapedLength })
  return {
    username: 'Hikae',
    embeds: [
      {
        title: clip(subject, LONGEST_TITLE),
        description: escapeMarkdown(description),
        color: COLORS[tone],
        fields: facts.slice(0, MOST_FIELDS).map(({ label, value }) => ({
          name: label,
          value: escapeMarkdown(clip(value, LONGEST_FIELD_VALUE)),
          inline: true,
        })),
      },
    ],
    // A file named @everyone wakes up nobody.
    allowed_mentions: { parse: [] },
  }
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~`|>#[\]()<@-]/g, '\\$&')
}

function escapedLength(text: string): number {
  return escapeMarkdown(text).length
}
