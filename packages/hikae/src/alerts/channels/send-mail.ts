import { readFile } from 'node:fs/promises'
import { connect, isIP, type Socket } from 'node:net'
import { errorMessage, systemCode } from '../../errors.ts'
import { AlertError } from '../sending/alert-error.ts'
import type { ChannelContext } from '../sending/channel-context.ts'
import { connectionError } from '../sending/connection-error.ts'
import type { SmtpSettings } from './smtp-schema.ts'

export interface MailLogin {
  readonly user: string
  readonly password: string
}

export interface MailContent {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly date: Date
  readonly headers: Readonly<Record<string, string>>
  readonly priority?: 'high'
}

export interface Mail {
  readonly content: MailContent
  readonly smtp: SmtpSettings
  readonly login: MailLogin | undefined
}

type SocketCallback = (error: Error | null, options?: { connection: Socket }) => void

const TRUST = 'correct the certificate of the mail server, or name the file of its authority with smtp.ca'

/**
 * Hands one mail to the server, which it knows by its certificate unless `security` is none.
 *
 * @throws {AlertError} the server did not take it for everybody
 */
export async function sendMail(
  { content, smtp, login }: Mail,
  context: Pick<ChannelContext, 'path' | 'redact'>,
  signal: AbortSignal,
): Promise<void> {
  const ca = smtp.ca === undefined ? undefined : await certificatesIn(context.path(smtp.ca))
  const { createTransport } = await import('nodemailer') // a hundred milliseconds, for those who send mail
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.security === 'tls',
    requireTLS: smtp.security === 'starttls',
    ignoreTLS: smtp.security === 'none',
    ...(login && { auth: { user: login.user, pass: login.password } }),
    tls: { ...(ca !== undefined && { ca }), ...(isIP(smtp.host) === 0 && { servername: smtp.host }) },
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket(_options, done) {
      openSocket(smtp, signal, done)
    },
  })
  try {
    const { rejected } = await transport.sendMail({ ...content, to: [...content.to] })
    if (rejected.length > 0) throw refusedRecipients(rejected)
  } catch (error) {
    throw error instanceof AlertError ? error : mailError(error, context.redact(errorMessage(error)))
  } finally {
    transport.close()
  }
}

/** The socket is ours, so that the signal ends whatever nodemailer is waiting for. */
function openSocket({ host, port }: SmtpSettings, signal: AbortSignal, done: SocketCallback): void {
  const socket = connect({ host, port, signal })
  const fail = (error: Error): void => done(error)
  socket.once('error', fail)
  socket.once('connect', () => {
    socket.off('error', fail)
    socket.on('error', () => undefined) // nodemailer listens too, but not after its last word
    done(null, { connection: socket })
  })
}

async function certificatesIn(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new AlertError(`cannot read ${path}, the file of smtp.ca: ${errorMessage(error)}`, {
      hint: 'write the path of a file with certificates in PEM',
    })
  })
}

function refusedRecipients(addresses: readonly string[]): AlertError {
  return new AlertError(`the mail server did not take it for ${addresses.join(', ')}, but for the others`, {
    hint: 'correct the addresses in to',
  })
}

interface MailFailure {
  readonly code?: string
  readonly responseCode?: number
}

/** What nodemailer says of a server's answer is kept, without secrets; of a connection only its code. */
function mailError(error: unknown, message: string): AlertError {
  const { responseCode } = error as MailFailure
  const transient = responseCode !== undefined && responseCode >= 400 && responseCode < 500
  switch (systemCode(error)) {
    case 'EAUTH':
      return new AlertError(`the mail server refused the login: ${message}`, {
        hint: 'see whether smtp.user and smtp.password are right; many servers want an app password',
        transient,
      })
    case 'EENVELOPE':
    case 'EMESSAGE':
    case 'EPROTOCOL':
      return new AlertError(`the mail server did not take it: ${message}`, {
        hint: 'see whether from and to are addresses that this server sends for',
        transient,
      })
    case 'ETLS':
      return new AlertError(`there is no encrypted connection with the mail server: ${message}`, {
        hint: 'see whether smtp.security and smtp.port belong together: starttls with 587, tls with 465',
      })
    default:
      return connectionError(causeOf(error, message), TRUST)
  }
}

/** Nodemailer puts a name of its own over the code; the message keeps that of the connection. */
function causeOf(error: unknown, message: string): string | undefined {
  const known = /\b(E[A-Z]{4,}|CERT_HAS_EXPIRED|ERR_TLS_CERT_ALTNAME_INVALID)\b/.exec(message)?.[1]
  if (known) return known
  if (/self-signed certificate|unable to (get|verify)|certificate chain/i.test(message)) return 'UNABLE_TO_VERIFY'
  if (/altnames/i.test(message)) return 'ERR_TLS_CERT_ALTNAME_INVALID'
  if (/certificate has expired/i.test(message)) return 'CERT_HAS_EXPIRED'
  return systemCode(error)
}
