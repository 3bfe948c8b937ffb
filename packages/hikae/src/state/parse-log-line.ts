import { z } from 'zod'
import { LOG_LEVELS, type LoggedEntry } from './log-entry.ts'

/** Loose: what a later Hikae has added is kept. */
const loggedSchema = z.looseObject({
  time: z.string(),
  level: z.enum(LOG_LEVELS),
  step: z.number().optional(),
  event: z.string().optional(),
  source: z.string().optional(),
  repository: z.string().optional(),
  message: z.string(),
  fields: z.record(z.string(), z.json()).optional(),
})

/** @returns undefined for a line that is no entry: a kill or a full disk has cut it off */
export function parseLogLine(line: string): LoggedEntry | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return loggedSchema.safeParse(value).data
}
