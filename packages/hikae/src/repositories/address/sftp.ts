import { UsageError } from '../../errors.ts'
import type { SftpLocation } from '../location.ts'

const EXAMPLE = 'sftp:USER@HOST:/PATH, or sftp://USER@HOST:PORT//PATH when the port is not 22'

/**
 * `user@host:/path`, or `//user@host:port//path`, in which one slash before the path makes it relative to the user's
 * home, as in restic.
 *
 * @throws {UsageError}
 */
export function parseSftp(text: string): SftpLocation {
  return text.startsWith('//') ? parseUrl(text) : parseShort(text)
}

function parseUrl(text: string): SftpLocation {
  const match = /^\/\/(?:([^/]*)@)?(\[[^\]/]+\]|[^:/@]+)(?::(\d+))?\/(.+)$/.exec(text)
  if (!match) throw refuse()
  const [, user, host = '', port, path = ''] = match
  return location(user, host, path, port === undefined ? undefined : Number(port))
}

function parseShort(text: string): SftpLocation {
  const match = /^(?:(.*)@)?(\[[^\]/]+\]|[^:/@]+):(.+)$/.exec(text)
  if (!match) throw refuse()
  const [, user, host = '', path = ''] = match
  return location(user, host, path)
}

function location(user: string | undefined, host: string, path: string, port?: number): SftpLocation {
  if (user?.includes(':')) {
    throw new UsageError('the sftp: address holds a password', {
      hint: 'use a key or an agent, or the password of the repository in hikae.yaml',
    })
  }
  // A name that begins with a dash would be taken for an option of ssh.
  if (host.startsWith('-') || user?.startsWith('-')) throw refuse()
  if (port !== undefined && (port < 1 || port > 65_535)) throw refuse()
  return {
    kind: 'sftp',
    ...(user === undefined || user === '' ? {} : { user: decodeURIComponent(user) }),
    host: host.replace(/^\[|\]$/g, ''),
    ...(port === undefined ? {} : { port }),
    path,
  }
}

function refuse(): UsageError {
  return new UsageError('the sftp: address makes no sense', { hint: `write ${EXAMPLE}` })
}
