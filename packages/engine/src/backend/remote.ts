import type { Backend } from './backend.ts'
import type { RcloneOptions } from './rclone.ts'
import type { RestOptions } from './rest.ts'
import type { S3Backend } from './s3.ts'
import type { S3Options } from './s3/options.ts'
import type { SftpBackend, SftpOptions } from './sftp.ts'

// Loaded when one is opened: HTTP and SSH are a third of the time that a program on a local repository takes to start.

/**
 * A repository wherever rclone can store files (§21). rclone is started with the first call.
 *
 * @throws {InvalidInputError} the remote is empty, or would be taken for an option
 */
export async function openRcloneBackend(options: RcloneOptions): Promise<Backend> {
  return (await import('./rclone.ts')).openRcloneBackend(options)
}

/**
 * A repository on a REST server (§21): rest-server, `hikae serve`, `rclone serve restic`. Nothing is asked of it yet.
 *
 * @throws {InvalidInputError} an address or a user name that makes no sense
 */
export async function openRestBackend(options: RestOptions): Promise<Backend> {
  return (await import('./rest.ts')).openRestBackend(options)
}

/**
 * A repository in a bucket. Nothing is asked yet: trouble shows with the first operation.
 *
 * @throws {InvalidInputError} the options make no sense
 */
export async function openS3Backend(options: S3Options): Promise<S3Backend> {
  return (await import('./s3.ts')).openS3Backend(options)
}

/**
 * A repository on a server with SSH. Connects and looks at the permissions of `config`; the folder need not exist yet.
 *
 * @throws {BackendError} the server cannot be reached, is not the one it was, or does not let us in
 * @throws {InvalidInputError} options that contradict each other
 */
export async function openSftpBackend(options: SftpOptions): Promise<SftpBackend> {
  return (await import('./sftp.ts')).openSftpBackend(options)
}
