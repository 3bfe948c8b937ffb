import { UsageError } from '../../errors.ts'

/** An IANA name, as the machine knows it. @throws {UsageError} it is unknown */
export function parseTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone
  } catch (error) {
    throw new UsageError(`'${text}' is no time zone`, {
      hint: 'write it as Asia/Tokyo, Europe/Berlin or UTC',
      cause: error,
    })
  }
}
