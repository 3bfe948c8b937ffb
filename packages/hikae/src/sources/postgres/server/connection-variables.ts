import { existsSync } from 'node:fs'
import { UsageError } from '../../../errors.ts'
import type { Endpoint, OpenServer, Tls } from '../../../databases/open-server.ts'

/** Parameters of a URL that mean something to every program of PostgreSQL. */
const OF_URL: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  channel_binding: 'PGCHANNELBINDING',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  gssencmode: 'PGGSSENCMODE',
  application_name: 'PGAPPNAME',
}
/** Certificates that the system trusts, where distributions have them; what PostgreSQL calls `system` is there from 16 on only. */
const TRUSTED = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem']
const MODES = { full: 'verify-full', ca: 'verify-ca', none: 'require' } as const

/** How programs of PostgreSQL are told where the server is and who we are: by variables, which others cannot see. */
export function connectionVariables(
  { endpoint, url }: Pick<OpenServer, 'endpoint' | 'url'>,
  login: { readonly user: string; readonly password: string | undefined },
  source: string,
): Readonly<Record<string, string>> {
  return {
    PGAPPNAME: 'hikae',
    PGCONNECT_TIMEOUT: '15',
    PGUSER: login.user,
    ...(login.password === undefined ? {} : { PGPASSWORD: login.password }),
    ...ofEndpoint(endpoint),
    ...Object.fromEntries([...(url?.parameters ?? [])].map(([name, value]) => [variableOf(name, source), value])),
  }
}

function ofEndpoint(endpoint: Endpoint): Record<string, string> {
  switch (endpoint.kind) {
    case 'usual':
      return {}
    case 'socket': {
      // The folder, or the file in it, whose name says the port.
      const [, folder, port] = /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(endpoint.path) ?? []
      return folder === undefined ? { PGHOST: endpoint.path } : { PGHOST: folder, PGPORT: port! }
    }
    case 'tcp':
      return { PGHOST: endpoint.host, PGHOSTADDR: '', PGPORT: `${endpoint.port}`, ...ofTls(endpoint.tls) }
  }
}

function ofTls(tls: Tls | undefined): Record<string, string> {
  if (tls === undefined) return {}
  const { verify, cert, key } = tls
  const ca = tls.ca ?? (verify === 'none' ? undefined : TRUSTED.find((path) => existsSync(path)))
  return {
    PGSSLMODE: MODES[verify],
    ...(ca === undefined ? {} : { PGSSLROOTCERT: ca }),
    ...(cert === undefined ? {} : { PGSSLCERT: cert }),
    ...(key === undefined ? {} : { PGSSLKEY: key }),
  }
}

function variableOf(parameter: string, source: string): string {
  const variable = OF_URL[parameter]
  if (variable !== undefined) return variable
  throw new UsageError(`the url of ${source} says ${parameter}=, which is not understood`, {
    hint: `of parameters, ${Object.keys(OF_URL).join(', ')} are`,
  })
}
