import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import type { SecretReference } from '../../secrets/secret.ts'
import { withoutUndefined } from '../../without-undefined.ts'

export type SmtpSecurity = 'starttls' | 'tls' | 'none'

/** The port that is usual for each. */
const PORTS: Readonly<Record<SmtpSecurity, number>> = { starttls: 587, tls: 465, none: 25 }
const OWN_MACHINE = /^(localhost|127(\.\d+){3}|::1)$/

export interface SmtpSettings {
  readonly host: string
  readonly port: number
  readonly security: SmtpSecurity
  readonly user?: SecretReference
  readonly password?: SecretReference
  /** A file with certificates in PEM. */
  readonly ca?: string
}

/** The server that takes the mail. */
export const smtpSchema = z
  .strictObject({
    host: z.string().min(1).describe('name of the mail server'),
    port: z.int().min(1).max(65_535).optional().describe('587 with STARTTLS, 465 with TLS, 25 with none'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('`starttls` is required, not just tried; `tls` from the first byte; `none` in the clear'),
    user: secretSchema.optional().describe('who logs in'),
    password: secretSchema.optional().describe('the password, or an app password'),
    ca: z.string().min(1).optional().describe('a file with the certificate of your own authority'),
  })
  .superRefine(({ user, password, security, host }, context) => {
    if ((user === undefined) !== (password === undefined)) {
      const path = [user === undefined ? 'user' : 'password']
      context.addIssue({ code: 'custom', path, message: 'user and password belong together' })
    }
    if (password !== undefined && security === 'none' && !OWN_MACHINE.test(host)) {
      const message = 'a password is not sent in the clear: use starttls or tls'
      context.addIssue({ code: 'custom', path: ['security'], message })
    }
  })
  .transform((given): SmtpSettings => ({ ...withoutUndefined(given), port: given.port ?? PORTS[given.security] }))
