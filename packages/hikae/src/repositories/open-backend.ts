import type { Backend } from '@hikae/engine'
import type { Environment } from '../environment.ts'
import { InputError } from '../errors.ts'
import { readSecret, type SecretReference } from '../secrets/secret.ts'
import { withExtendedOptions } from './extended-options.ts'
import { httpSettings } from './http-settings.ts'
import type {
  LocalLocation,
  RcloneLocation,
  RepositoryLocation,
  RestLocation,
  S3Location,
  SftpLocation,
} from './location.ts'
import type { Opening, StorageOptions } from './opening.ts'

/**
 * The storage of a repository as it is, without retries. Nothing is asked of it yet, except of a disk whether it is the
 * right one.
 *
 * @throws {DiskError} its disk is not there, or cannot be used for this
 * @throws {UsageError | InputError} a setting, file or secret that it needs makes no sense or is missing
 */
export async function openStorage(place: RepositoryLocation, options: StorageOptions): Promise<Backend> {
  const { Bandwidth } = await import('@hikae/engine')
  const { settings } = options
  const location = withExtendedOptions(place, settings.extended)
  const opening: Opening = { ...options, bandwidth: new Bandwidth(settings.limits) }
  switch (location.kind) {
    case 'local':
      return openLocal(location, opening)
    case 's3':
      return openS3(location, opening)
    case 'sftp':
      return openSftp(location, opening)
    case 'rest':
      return openRest(location, opening)
    case 'rclone':
      return openRclone(location, opening)
  }
}

async function openLocal({ path, disk }: LocalLocation, { access }: Opening): Promise<Backend> {
  const { openLocalBackend } = await import('@hikae/engine')
  if (disk === undefined) return openLocalBackend(path)
  const { watchDisk } = await import('../disks/watch.ts')
  const { withDisk } = await import('../disks/with-disk.ts')
  const watch = await watchDisk({ path, disk, access })
  return withDisk(await openLocalBackend(path), watch)
}

async function openS3(location: S3Location, opening: Opening): Promise<Backend> {
  const { openS3Backend } = await import('@hikae/engine')
  const { kind: _kind, accessKeyId, secretAccessKey, sessionToken, storageClass, region, ...place } = location
  const { env } = opening.settings
  const keyId = await secret(accessKeyId, 'AWS_ACCESS_KEY_ID', 'access key id', opening)
  const key = await secret(secretAccessKey, 'AWS_SECRET_ACCESS_KEY', 'secret access key', opening)
  if ((keyId === undefined) !== (key === undefined)) {
    throw new InputError(`the ${keyId === undefined ? 'access key id' : 'secret access key'} of S3 is missing`, {
      hint: 'set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither to use a profile',
    })
  }
  const token = await secret(sessionToken, 'AWS_SESSION_TOKEN', 'session token', opening)
  const chosenRegion = region ?? firstOf(env, ['AWS_REGION', 'AWS_DEFAULT_REGION'])
  return openS3Backend({
    ...place,
    ...(chosenRegion === undefined ? {} : { region: chosenRegion }),
    ...(storageClass === undefined ? {} : { storageClass: { packs: storageClass } }),
    ...(keyId === undefined || key === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: keyId,
            secretAccessKey: key,
            ...(token === undefined ? {} : { sessionToken: token }),
          },
        }),
    http: await httpSettings(opening),
  })
}

async function openSftp(location: SftpLocation, opening: Opening): Promise<Backend> {
  const { openSftpBackend } = await import('@hikae/engine')
  const { kind: _kind, password, command, sshArguments = [], ...place } = location
  const { settings, bandwidth, signal, stuckAfterMs } = opening
  const { SSH_AUTH_SOCK: agentSocket } = settings.env
  const typed =
    password === undefined ? undefined : await readSecret(password, 'password of the server', context(opening))
  return openSftpBackend({
    ...place,
    ...(command === undefined ? {} : { program: command }),
    ...(sshArguments.length === 0 ? {} : { sshArguments }),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(typed === undefined ? {} : { password: typed }),
    ...(stuckAfterMs === undefined ? {} : { stuckAfterMs }),
    bandwidth,
    signal,
  })
}

async function openRest(location: RestLocation, opening: Opening): Promise<Backend> {
  const { openRestBackend } = await import('@hikae/engine')
  const { kind: _kind, user, password, ...place } = location
  const username = await secret(user, 'REST_USERNAME', 'user name of the REST server', opening)
  const secretWord = await secret(password, 'REST_PASSWORD', 'password of the REST server', opening)
  return openRestBackend({
    ...place,
    ...(username === undefined ? {} : { username }),
    ...(secretWord === undefined ? {} : { password: secretWord }),
    http: await httpSettings(opening),
  })
}

async function openRclone(location: RcloneLocation, { bandwidth, stuckAfterMs }: Opening): Promise<Backend> {
  const { openRcloneBackend } = await import('@hikae/engine')
  const { kind: _kind, arguments: args, ...place } = location
  return openRcloneBackend({
    ...place,
    ...(args === undefined ? {} : { args }),
    ...(stuckAfterMs === undefined ? {} : { stuckAfterMs }),
    bandwidth,
  })
}

/** What the location refers to, else the variable: as it is, or with HIKAE_ or RESTIC_ before it. */
async function secret(
  reference: SecretReference | undefined,
  variable: string,
  what: string,
  opening: Opening,
): Promise<string | undefined> {
  if (reference !== undefined) return readSecret(reference, what, context(opening))
  const names = variable.startsWith('AWS_') ? [variable] : [`HIKAE_${variable}`, `RESTIC_${variable}`]
  return firstOf(opening.settings.env, names)
}

function firstOf(env: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '')
}

function context({ settings, signal }: Opening): { env: Environment; signal: AbortSignal } {
  return { env: settings.env, signal }
}
