import type { AnyChannelKind } from './channel-kind.ts'
import { discord } from './channels/discord.ts'
import { mail } from './channels/mail.ts'
import { ntfy } from './channels/ntfy.ts'
import { ping } from './channels/ping.ts'
import { slack } from './channels/slack.ts'
import { teams } from './channels/teams.ts'
import { telegram } from './channels/telegram.ts'
import { webhook } from './channels/webhook.ts'

/** All kinds of channels: a new one is its file and its name here. */
export const channelKinds: readonly AnyChannelKind[] = [discord, slack, teams, mail, ntfy, telegram, webhook, ping]

/** The kind of a channel of the stack file; its name was checked when the file was read. */
export function channelKindOf(kind: string): AnyChannelKind {
  const found = channelKinds.find((one) => one.kind === kind)
  if (!found) throw new Error(`there is no channel ${kind}`)
  return found
}
