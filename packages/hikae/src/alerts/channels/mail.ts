import { z } from 'zod'
import type { ChannelKind, Outgoing } from '../channel-kind.ts'
import { clip } from '../compose/one-line.ts'
import { renderText } from '../compose/render-text.ts'
import type { Message } from '../compose/message.ts'
import type { ChannelContext } from '../sending/channel-context.ts'
import { smtpSchema } from './smtp-schema.ts'
import { type MailLogin, sendMail } from './send-mail.ts'

const LONGEST_SUBJECT = 200
const LONGEST_TEXT = 500_000

const address = z.email({ error: 'this is no mail address' })

const settings = z
  .strictObject({
    to: z
      .union([address, z.array(address).min(1)])
      .transform((given) => [given].flat())
      .describe('who gets the mail: an address, or several'),
    from: address.optional().describe('the sender; by default the user who logs in, or else the first of to'),
    smtp: smtpSchema.describe('the server that takes the mail'),
  })
  .describe('mail, through an SMTP server')

type Settings = z.output<typeof settings>

export const mail: ChannelKind<Settings> = {
  kind: 'mail',
  audience: 'people',
  settings,
  async send(outgoing, given, context) {
    const { message } = outgoing
    if (!message) return 'nothing'
    const login = await loginOf(given, context)
    const content = {
      from: given.from ?? (login && address.safeParse(login.user).data) ?? given.to[0]!,
      to: given.to,
      ...contentOf(message, outgoing),
    }
    await context.attempt((signal) => sendMail({ content, smtp: given.smtp, login }, context, signal))
    return 'sent'
  },
}

async function loginOf({ smtp }: Settings, context: ChannelContext): Promise<MailLogin | undefined> {
  if (!smtp.user || !smtp.password) return undefined
  const user = await context.secret(smtp.user, 'user')
  const password = await context.secret(smtp.password, 'password')
  for (const form of [`\0${user}\0${password}`, `${user}\0${password}`]) context.hide(form)
  return { user, password }
}

function contentOf(message: Message, { event }: Outgoing) {
  return {
    subject: clip(message.subject, LONGEST_SUBJECT),
    text: `${renderText(message, { limit: LONGEST_TEXT })}\n`,
    date: new Date(event.at),
    // No answer of an absent person is wanted.
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': message.language },
    ...(message.tone === 'bad' && { priority: 'high' as const }),
  }
}
