import { z } from 'zod'
import { checkServer, serverShape } from '../../databases/server-schema.ts'

const text = z.string().min(1)
const count = z.int().min(0)

const keysAssertionSchema = z
  .strictObject({
    keys: text.describe('a pattern as Redis has them: `session:*`'),
    database: count.default(0).describe('number of the database'),
    min: count.optional().describe('the least number of keys it may match'),
    max: count.optional().describe('the most keys it may match'),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, {
    error: 'min, max or both say how many keys are expected',
  })
  .describe('how many keys have to be in a restored database')

/** How many keys have to match a pattern. */
export type KeysAssertion = z.output<typeof keysAssertionSchema>

/** `redis:` of a source. */
export const redisSchema = z
  .strictObject({
    ...serverShape,
    settings: z
      .boolean()
      .default(true)
      .describe(
        'Whether users (ACL LIST) and configuration (CONFIG GET) are saved too: no RDB file has them. Their secrets are in the encrypted repository then.',
      ),
    programs: text
      .optional()
      .describe('Folder on this host with redis-cli and redis-server, or those of Valkey; the usual ones by default.'),
    verify: z.array(keysAssertionSchema).default([]).describe('numbers of keys that a restored database has to have'),
  })
  .superRefine(checkServer)
  .refine(({ tls }) => tls === undefined, {
    // redis-cli does not compare the name in a certificate with the server's.
    error: 'tls is not spoken to Redis: reach it through a tunnel (`ssh -L`, stunnel), its socket or its container',
  })
  .describe('all keys of a Redis or Valkey server, of one moment')

export type RedisConfig = z.output<typeof redisSchema>
