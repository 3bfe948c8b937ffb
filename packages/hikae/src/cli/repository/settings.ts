import type { ConfiguredRepository } from '../../config/repository-schema.ts'
import type { BackendSettings } from '../../repositories/backend-settings.ts'
import type { Environment } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'

const KIB = 1024

/** How to reach a repository: what the command line says goes before what the stack file says. */
export function backendSettings(
  { cacert, tlsClientCert, insecureTls, limitUpload, limitDownload, option }: GlobalValues,
  env: Environment,
  { tls, limits }: Pick<ConfiguredRepository, 'tls' | 'limits'> = { tls: {}, limits: {} },
): BackendSettings {
  const clientCertificateFile = tlsClientCert ?? tls.clientCertificate
  const upload = limitUpload === undefined ? limits.upload : limitUpload * KIB
  const download = limitDownload === undefined ? limits.download : limitDownload * KIB
  return {
    caFiles: cacert.length > 0 || tls.ca === undefined ? cacert : [tls.ca],
    ...(clientCertificateFile === undefined ? {} : { clientCertificateFile }),
    insecureTls: insecureTls || (tls.insecure ?? false),
    limits: {
      ...(upload === undefined ? {} : { uploadBytesPerSecond: upload }),
      ...(download === undefined ? {} : { downloadBytesPerSecond: download }),
    },
    extended: option,
    env,
  }
}
