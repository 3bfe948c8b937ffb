import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { messageChannel } from '../channel-kind.ts'
import { clip } from '../compose/one-line.ts'
import { renderText } from '../compose/render-text.ts'
import { AlertError } from '../sending/alert-error.ts'
import { jsonRequest } from '../sending/http-request.ts'

const LONGEST_TEXT = 4096
const LONGEST_SUBJECT = 300

const settings = z
  .strictObject({
    token: secretSchema.describe("the bot's token, from @BotFather"),
    chat: z
      .union([z.int(), z.string().min(1)])
      .describe('the id of the chat (negative for groups), or the @name of a channel'),
    thread: z.int().optional().describe('the topic in a group that has topics'),
    server: z
      .url({ protocol: /^https?$/ })
      .default('https://api.telegram.org')
      .describe('the Bot API server, when it is your own'),
  })
  .describe('a Telegram chat, through a bot')

/** https://core.telegram.org/bots/api#sendmessage */
export const telegram = messageChannel(
  'telegram',
  settings,
  async (message, { token, chat, thread, server }, context) => {
    const secret = await context.secret(token, 'token')
    if (!/^\d+:[\w-]+$/.test(secret)) {
      throw new AlertError('what its token refers to is not the token of a bot', {
        hint: 'copy the whole token that @BotFather gave, such as 123456:ABC…',
      })
    }
    const url = new URL(`${server.replace(/\/+$/, '')}/bot${secret}/sendMessage`)
    context.hide(`bot${secret}`)
    const subject = clip(message.subject, LONGEST_SUBJECT)
    const text = `${subject}\n\n${renderText(message, { limit: LONGEST_TEXT - subject.length - 2 })}`
    const body = withoutUndefined({
      chat_id: chat,
      message_thread_id: thread,
      text,
      // Without a parse_mode everything is shown as it is; entities alone make the subject bold.
      entities: [{ type: 'bold', offset: 0, length: subject.length }],
      link_preview_options: { is_disabled: true },
      disable_notification: message.tone === 'good',
    })
    await context.request(jsonRequest(url, body))
  },
)
