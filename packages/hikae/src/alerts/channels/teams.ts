import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { messageChannel } from '../channel-kind.ts'
import { largestThatFits } from '../compose/largest-that-fits.ts'
import { renderItem } from '../compose/render-text.ts'
import { wordsOf } from '../compose/languages.ts'
import type { Message, Tone } from '../compose/message.ts'
import { clip } from '../compose/one-line.ts'
import { jsonRequest, webAddress } from '../sending/http-request.ts'

/** Microsoft says about 28 KB; less was seen to be refused already. */
const LONGEST_BODY_BYTES = 20_000
const LONGEST_TITLE = 300

const COLORS: Readonly<Record<Tone, string>> = {
  bad: 'Attention',
  warning: 'Warning',
  good: 'Good',
  neutral: 'Default',
}

const settings = z
  .strictObject({
    url: secretSchema.describe("the address of a workflow 'When a Teams webhook request is received'"),
  })
  .describe('a Teams channel or chat, through a webhook of the Workflows app')

/** Adaptive cards for Workflows, which took the place of the Office 365 connectors. */
export const teams = messageChannel('teams', settings, async (message, { url }, context) => {
  const address = webAddress(await context.secret(url, 'url'), 'url')
  await context.request(jsonRequest(address, teamsBody(message)))
})

function teamsBody(message: Message): unknown {
  const sizeWith = (count: number): number => Buffer.byteLength(JSON.stringify(cardWith(message, count)))
  return cardWith(
    message,
    largestThatFits(message.items.length, (count) => sizeWith(count) <= LONGEST_BODY_BYTES),
  )
}

function cardWith(message: Message, count: number): unknown {
  const { subject, lead, items, facts, next, tone, language } = message
  const words = wordsOf(language)
  const left = items.length - count
  const texts = items.slice(0, count).map((item) => renderItem(item, language))
  const body = [
    paragraph(clip(subject, LONGEST_TITLE), { weight: 'Bolder', size: 'Medium', color: COLORS[tone] }),
    paragraph(lead),
    ...texts.flatMap((text) => text.split('\n')).map((line) => paragraph(line)),
    ...(left > 0 ? [paragraph(words.more(left))] : []),
    { type: 'FactSet', facts: facts.map(({ label, value }) => ({ title: label, value: clip(value, LONGEST_TITLE) })) },
    ...(next === undefined ? [] : [paragraph(words.next(next))]),
  ]
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body,
  }
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }],
  }
}

/** Text runs are shown as they are; a TextBlock would take names of files for Markdown. */
function paragraph(text: string, style: Readonly<Record<string, string>> = {}): unknown {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] }
}
