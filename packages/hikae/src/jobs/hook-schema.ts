import { z } from 'zod'
import { durationSchema } from '../duration.ts'

const MINUTE_MS = 60_000

/** One program around a run. */
export const hookSchema = z
  .strictObject({
    run: z.array(z.string().min(1)).min(1).describe('the program and each of its arguments; no shell in between'),
    timeout: durationSchema.default(10 * MINUTE_MS).describe('it is stopped then, and has failed'),
  })
  .describe('a program that is run at a point of the run')

export type Hook = z.output<typeof hookSchema>

const hooks = z.array(hookSchema).default([])

/** `hooks:` of a job. */
export const hooksSchema = z
  .strictObject({
    before: hooks.describe('before anything is read; when one fails, nothing is backed up'),
    after: hooks.describe('at the end, whatever happened'),
    success: hooks.describe('at the end of a run that succeeded'),
    failure: hooks.describe('at the end of a run that failed or is incomplete'),
  })
  .describe('programs to run before and after')

export type Hooks = z.output<typeof hooksSchema>
