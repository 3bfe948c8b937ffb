import type { StatedDomain } from '../config/repository-schema.ts'
import { readSecret } from '../secrets/secret.ts'
import type { BackendSettings } from './backend-settings.ts'
import { withExtendedOptions } from './extended-options.ts'
import type { DomainFacts } from './failure-domain.ts'
import { hostFacts } from './host-facts.ts'
import type { RepositoryLocation, S3Location } from './location.ts'
import { storageFacts } from './storage-facts.ts'

interface Placed {
  readonly location: RepositoryLocation
  readonly settings: BackendSettings
  readonly domain: StatedDomain
}

/** Finds out what can be known of where a repository stands: from the kernel, the name service and its settings. */
export async function domainFacts(
  { location: place, settings, domain }: Placed,
  signal: AbortSignal,
): Promise<DomainFacts> {
  const location = withExtendedOptions(place, settings.extended)
  const stated = domain
  switch (location.kind) {
    case 'local': {
      const storage = await storageFacts(location.path)
      if (storage?.kind !== 'network') return { location, stated, ...(storage ? { storage } : {}) }
      return { location, stated, storage, host: await hostFacts(storage.server) }
    }
    case 's3': {
      const accessKeyId = await accessKey(location, settings, signal)
      const { hostname } = new URL(location.endpoint ?? 'https://s3.amazonaws.com')
      const host = await hostFacts(hostname)
      return { location, stated, host, ...(accessKeyId === undefined ? {} : { accessKeyId }) }
    }
    case 'sftp':
      return { location, stated, host: await hostFacts(location.host) }
    case 'rest':
      return { location, stated, host: await hostFacts(new URL(location.url).hostname) }
    case 'rclone':
      return { location, stated }
  }
}

/** The public half: it tells accounts apart, and is neither kept nor shown. */
async function accessKey(
  { accessKeyId }: S3Location,
  { env }: BackendSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (accessKeyId === undefined) return env['AWS_ACCESS_KEY_ID'] || undefined
  try {
    return await readSecret(accessKeyId, 'access key id', { env, signal })
  } catch {
    signal.throwIfAborted()
    return undefined // Opening the repository says what is wrong with it.
  }
}
