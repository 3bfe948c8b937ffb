import type { Language, Message } from './message.ts'
import type { Words } from './words.ts'

export interface ComposeOptions {
  /** Of the stack. */
  readonly language: Language
  /** IANA name; times are shown in it. */
  readonly timeZone: string
}

/** What the messages are made with. */
export interface ComposeContext extends ComposeOptions {
  readonly words: Words
}

/** A message without what all messages have in common. */
export type Draft = Omit<Message, 'language'>
