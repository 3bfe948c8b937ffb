import { styleText } from 'node:util'
import type { Environment, OutputStream } from '../context.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string

/** Colours only for a terminal that can show them, and never with NO_COLOR. */
export function paintFor(stream: OutputStream, env: Environment): Paint {
  const colours = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}
