import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { Certificate } from './certificates.ts'

/** The moments of a conversation at which something can go wrong. */
export type SmtpStep = 'connect' | 'login' | 'from' | 'recipient' | 'data'

/** A refusal with its code, such as 451 or 550; `hang`: nothing more is ever said. */
export type SmtpFault = { readonly code: number; readonly message: string } | 'hang'

export interface SmtpServerOptions {
  /** STARTTLS is offered with it; with `implicit`, everything is in TLS. Without it there is no TLS. */
  readonly tls?: Pick<Certificate, 'certificate' | 'key'> & { readonly implicit?: true }
  /** Only they may send. Without it everybody may. */
  readonly login?: { readonly user: string; readonly password: string }
}

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as they came. */
  readonly raw: string
  readonly isEncrypted: boolean
  /** Who logged in. */
  readonly user: string | undefined
}

/** A mail server on the loopback that keeps what it gets. */
export interface SmtpTestServer extends AsyncDisposable {
  readonly port: number
  readonly mails: readonly ReceivedMail[]
  /** Steps of all conversations, in the order they came. */
  readonly steps: readonly SmtpStep[]
  /** Decides about each step; `detail` is the recipient, the sender or the user. */
  misbehave: (step: SmtpStep, detail: string) => SmtpFault | undefined
  /** Resolves when this step has been reached. */
  reached(step: SmtpStep): Promise<void>
}

export async function startSmtpServer({ tls, login }: SmtpServerOptions = {}): Promise<SmtpTestServer> {
  const mails: ReceivedMail[] = []
  const steps: SmtpStep[] = []
  const waiting: { step: SmtpStep; resolve: () => void }[] = []

  const server = new SMTPServer({
    secure: tls?.implicit === true,
    ...(tls && { key: tls.key, cert: tls.certificate }),
    authOptional: login === undefined,
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    allowInsecureAuth: false,
    disableReverseLookup: true,
    logger: false,
    onConnect: (_session, done) => enter('connect', '', done),
    onAuth({ username = '', password }, _session, done) {
      enter('login', username, (error) => {
        if (error) return done(error)
        const isRight = username === login?.user && password === login.password
        return isRight ? done(null, { user: username }) : done(refusal(535, 'Invalid username or password'))
      })
    },
    onMailFrom: ({ address }, _session, done) => enter('from', address, done),
    onRcptTo: ({ address }, _session, done) => enter('recipient', address, done),
    onData(stream, { envelope, secure, user }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('end', () =>
        enter('data', '', (error) => {
          if (error) return done(error)
          const from = envelope.mailFrom ? envelope.mailFrom.address : ''
          const to = envelope.rcptTo.map(({ address }) => address)
          const raw = Buffer.concat(chunks).toString()
          mails.push({ from, to, raw, isEncrypted: secure, user: user === undefined ? undefined : String(user) })
          return done()
        }),
      )
    },
  })
  // A client that does not trust the certificate ends the handshake: that is its right.
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')

  const running: SmtpTestServer = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    steps,
    misbehave: () => undefined,
    reached(step) {
      if (steps.includes(step)) return Promise.resolve()
      return new Promise((resolve) => waiting.push({ step, resolve }))
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of server.connections) connection.close()
      await closed
    },
  }
  return running

  function enter(step: SmtpStep, detail: string, done: (error?: Error | null) => void): void {
    steps.push(step)
    for (const { resolve } of waiting.filter((one) => one.step === step)) resolve()
    const fault = running.misbehave(step, detail)
    if (fault === 'hang') return
    done(fault ? refusal(fault.code, fault.message) : null)
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
