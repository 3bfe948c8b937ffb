export type Language = 'en' | 'ja'

export type Tone = 'bad' | 'warning' | 'good' | 'neutral'

/** One line of what the alert is about, such as a source with its error. */
export interface MessageItem {
  readonly tone: Tone
  readonly title: string
  /** Why, or how it is. */
  readonly text?: string
  /** What to do about it. */
  readonly next?: string
}

export interface MessageFact {
  readonly label: string
  readonly value: string
}

/** What every channel says, each in its own form. All texts are single lines without control characters. */
export interface Message {
  readonly language: Language
  readonly tone: Tone
  /** It cannot wait until morning. */
  readonly isUrgent?: boolean
  /** What happened, and the stack. */
  readonly subject: string
  /** One sentence. */
  readonly lead: string
  readonly items: readonly MessageItem[]
  readonly facts: readonly MessageFact[]
  /** What to do now. */
  readonly next?: string
}
