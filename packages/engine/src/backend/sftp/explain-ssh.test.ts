import { describe, test } from 'vitest'
import { explainSsh } from './explain-ssh.ts'
import { sshCommand } from './system-ssh.ts'

const options = { host: 'nas.example', user: 'backup', path: '/srv/backup' }

function explain(stderr: string) {
  return explainSsh(options, { program: 'ssh', exitCode: 255, stderr }).refusal
}

describe('what ssh printed', () => {
  test.for([
    ['ssh: Could not resolve hostname nas.example: Name or service not known', false, 'could not be resolved'],
    [
      'ssh: Could not resolve hostname nas.example: Temporary failure in name resolution',
      true,
      'cannot be looked up now',
    ],
    ['ssh: connect to host nas.example port 22: Connection refused', true, 'connection refused'],
    ['ssh: connect to host nas.example port 22: Connection timed out', true, 'cannot be reached'],
    ['ssh: connect to host nas.example port 22: No route to host', true, 'cannot be reached'],
    ['backup@nas.example: Permission denied (publickey,password).', false, 'does not let us in'],
    ['Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures', false, 'too many keys'],
    ['kex_exchange_identification: Connection closed by remote host', true, 'ended the connection'],
    ['client_loop: send disconnect: Broken pipe', true, 'ended the connection'],
    ['subsystem request failed on channel 0', false, 'offers no SFTP'],
    ['command-line: line 0: Bad configuration option: nonsense', false, 'does not accept its options'],
    ['something never seen', false, 'ssh ended with 255 (something never seen)'],
  ] as const)('%s', ([stderr, transient, message], { expect }) => {
    const error = explain(`debug1: Connecting to nas.example\r\n${stderr}\r\n`)
    expect(error).toMatchObject({ code: 'BACKEND', transient, message: expect.stringContaining(message) })
    expect(error.message).toContain('sftp:backup@nas.example:/srv/backup')
    expect(error.message).not.toContain('debug1')
    expect(error.hint).toMatch(/\w+/)
  })

  test('a key that the server takes and nobody can unlock is named', ({ expect }) => {
    const error = explain(
      'debug1: Server accepts key: /home/me/my key ED25519 SHA256:abc explicit\nbackup@nas.example: Permission denied (publickey).',
    )
    expect(error.message).toContain('the key /home/me/my key is protected by a passphrase')
    expect(error.hint).toContain('ssh-add')
  })

  test('the fingerprint of an unknown server is the one of the last hop', ({ expect }) => {
    const error = explain(
      'debug1: Server host key: ssh-rsa SHA256:jump\ndebug1: Server host key: ecdsa-sha2-nistp256 SHA256:target\nHost key verification failed.',
    )
    expect(error.message).toContain('ecdsa-sha2-nistp256 SHA256:target')
    expect(error.hint).toContain('`ssh-keyscan -t ecdsa nas.example >> ~/.ssh/known_hosts`')
  })
})

describe('the command for ssh', () => {
  test('ends with the host and the subsystem, after what was added', ({ expect }) => {
    const command = sshCommand({ ...options, port: 2222, sshArguments: ['-J', 'jump'] })
    expect(command.slice(-10)).toEqual(['-p', '2222', '-l', 'backup', '-J', 'jump', '-s', '--', 'nas.example', 'sftp'])
  })

  test('quotes paths so that spaces and per cent signs mean nothing', ({ expect }) => {
    const command = sshCommand({ ...options, identityFiles: ['/a key/100%'], knownHostsFiles: ['/a b', '/c'] })
    expect(command).toContain('IdentityFile="/a key/100%%"')
    expect(command).toContain('UserKnownHostsFile="/a b" "/c"')
  })
})
