import type { Endpoint, OpenServer, Tls } from '../../../databases/open-server.ts'
import { MysqlError } from './mysql-error.ts'
import type { MysqlProduct } from './version.ts'

/** How programs are told where the server is and who we are. The password is not among it. */
export function connectionArguments(
  { endpoint }: Pick<OpenServer, 'endpoint'>,
  { user, program }: { readonly user: string; readonly program: MysqlProduct },
): string[] {
  return [...ofEndpoint(endpoint, program), `--user=${user}`]
}

function ofEndpoint(endpoint: Endpoint, program: MysqlProduct): string[] {
  switch (endpoint.kind) {
    case 'usual':
      return ['--protocol=socket']
    case 'socket':
      return ['--protocol=socket', `--socket=${endpoint.path}`]
    case 'tcp':
      return ['--protocol=tcp', `--host=${endpoint.host}`, `--port=${endpoint.port}`, ...ofTls(endpoint.tls, program)]
  }
}

function ofTls(tls: Tls | undefined, program: MysqlProduct): string[] {
  if (tls === undefined) return []
  const files = (['ca', 'cert', 'key'] as const).flatMap((key) =>
    tls[key] === undefined ? [] : [`--ssl-${key}=${tls[key]}`],
  )
  if (program === 'mysql') {
    return [`--ssl-mode=${{ full: 'VERIFY_IDENTITY', ca: 'VERIFY_CA', none: 'REQUIRED' }[tls.verify]}`, ...files]
  }
  if (tls.verify === 'ca') {
    throw new MysqlError("the programs of MariaDB cannot check a certificate's signer without its name", {
      hint: 'say `verify: full`, or `verify: none`',
    })
  }
  return ['--ssl', tls.verify === 'full' ? '--ssl-verify-server-cert' : '--skip-ssl-verify-server-cert', ...files]
}
