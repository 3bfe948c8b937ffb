import type { LoggedEntry, LogLevel } from '../../state/log-entry.ts'
import type { JsonValue } from '../../state/step-facts.ts'
import { formatTime } from '../output/format.ts'
import { printableMessage, printableText } from '../output/printable.ts'
import type { Paint } from '../output/style.ts'

const COLOURS = { debug: 'dim', info: 'cyan', warning: 'yellow', error: 'red' } as const satisfies Record<
  LogLevel,
  string
>

/** Characters of the longest level. */
const LEVEL_WIDTH = 7

/** An entry of a log for people. Further lines of its message are indented. */
export function logLine(entry: LoggedEntry, paint: Paint): string {
  const { time, level, message, fields = {} } = entry
  const shown = Object.entries(fields).map(([name, value]) => `${printableText(name)}=${fieldText(value)}`)
  const words = [
    paint('dim', formatTime(time)),
    paint(COLOURS[level], level.padEnd(LEVEL_WIDTH)),
    [placeOf(entry), printableMessage(message).replaceAll('\n', '\n    ')].filter((text) => text !== '').join(': '),
    ...(shown.length > 0 ? [paint('dim', shown.join(' '))] : []),
  ]
  return words.join('  ')
}

/** `step 3, databases, usb` */
function placeOf({ step, source, repository }: LoggedEntry): string {
  return [step === undefined ? undefined : `step ${step}`, source, repository]
    .filter((name) => name !== undefined)
    .map((name) => printableText(name))
    .join(', ')
}

function fieldText(value: JsonValue | undefined): string {
  return printableText(typeof value === 'string' ? value : JSON.stringify(value))
}
