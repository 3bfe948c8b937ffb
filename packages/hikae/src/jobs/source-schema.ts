import { z } from 'zod'

const PERCENT = /^(\d{1,3})\s*%$/

const share = z
  .string()
  .transform((text, context): number => {
    const percent = Number(PERCENT.exec(text)?.[1] ?? Number.NaN)
    if (percent <= 100) return percent / 100
    context.addIssue({ code: 'custom', message: `'${text}' is no share: write for instance 30%` })
    return z.NEVER
  })
  .describe(
    'how much smaller it may become from one run to the next, in bytes or in files, before the run is incomplete',
  )
  .meta({ examples: ['30%', '100%'] })

/** Keys of `sources:` that mean the same for every kind. */
export const commonSourceSchema = z.strictObject({
  description: z
    .string()
    .min(1)
    .optional()
    .describe('what it is, for the people who read the file')
    .meta({ examples: ['uploads of the shop'] }),
  shrink: share.prefault('50%'),
  mayBeEmpty: z.boolean().default(false).describe('that there is nothing in it is no reason for alarm'),
})

export type CommonSource = z.output<typeof commonSourceSchema>
