import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { answers, startDaemon } from './daemon.ts'
import { findFreePorts } from './free-ports.ts'
import { clusterConfig } from './radosgw/cluster-config.ts'
import { makeCertificates } from './certificates.ts'
import { missingPrograms } from './requirements.ts'
import { runOk } from './run-process.ts'
import { s3Client, type S3Credentials, type S3Server } from './s3-server.ts'
import { makeTempDir } from './temp-dir.ts'

export interface RadosgwOptions {
  /** Answers on a second port over TLS, too. */
  readonly tls?: boolean
  /** Besides STANDARD; none by default. A server refuses those that it was not given. */
  readonly storageClasses?: readonly string[]
}

/** Ceph's S3 server: conditional writes, object lock, policies, quotas. Its objects live in memory. */
export interface Radosgw extends S3Server {
  /** With `tls`: where it answers over TLS, and the authority that vouches for it, PEM. */
  readonly tls: { readonly endpoint: string; readonly ca: string } | undefined
  /** Object lock can only be had from the beginning. */
  makeBucket(name: string, options?: { objectLock?: boolean }): Promise<void>
  /** How many bytes the buckets of {@link S3Server.credentials} may hold together; undefined for any number. */
  setQuota(maxBytes: number | undefined): Promise<void>
  /** Somebody else, who may do nothing yet; a bucket policy names them `arn:aws:iam:::user/NAME`. */
  makeUser(name: string): Promise<S3Credentials>
}

const OWNER = 'owner'

/** Why {@link startRadosgw} cannot work here; undefined when it can. */
export async function whyNoRadosgw(): Promise<string | undefined> {
  return await missingPrograms('ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'openssl')
}

/** Starts a monitor, a store and the gateway; 2 s, or several times that on a busy machine. About 300 MB of memory. */
export async function startRadosgw(options: RadosgwOptions = {}): Promise<Radosgw> {
  await using started = new AsyncDisposableStack()
  const dir = started.use(await makeTempDir())
  const [port, securePort, ...monitorPorts] = (await findFreePorts(4)) as [number, number, number, number]
  const { fsid, text } = clusterConfig({ folder: dir.path, monitorPorts })
  const config = dir.join('ceph.conf')
  const keyring = dir.join('keyring')
  const env = { CEPH_CONF: config, CEPH_ARGS: '--no-mon-config' }
  const run = async (program: string, ...args: string[]) => (await runOk(program, args, { env })).stdout

  for (const name of ['mon', 'osd', 'run', 'log']) await mkdir(dir.join(name))
  await writeFile(config, text)
  await makeKeys(run, keyring)
  const map = dir.join('monmap')
  const address = `[v2:127.0.0.1:${monitorPorts[0]},v1:127.0.0.1:${monitorPorts[1]}]`
  await run('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', address, map)
  await run('ceph-mon', '-c', config, '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring)

  const daemon = async (program: string, ...args: string[]) =>
    started.use(
      await startDaemon(program, ['-c', config, ...args, '-f'], { log: dir.join('log', `${program}.out`), env }),
    )
  await daemon('ceph-mon', '-i', 'a')
  const store = randomUUID()
  await run('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', store)
  await run('ceph', '-c', config, '--connect-timeout', '20', 'osd', 'new', store, '0')
  await daemon('ceph-osd', '-i', '0')

  const admin = (...args: string[]) => run('radosgw-admin', '-c', config, ...args)
  const makeUser = async (name: string): Promise<S3Credentials> => {
    const made = { accessKeyId: name, secretAccessKey: `secret of ${name}` }
    const keys = [`--access-key=${made.accessKeyId}`, `--secret-key=${made.secretAccessKey}`]
    await admin('user', 'create', `--uid=${name}`, `--display-name=${name}`, ...keys)
    return made
  }
  // The first call of all sets up the zone, which the gateway reads when it starts.
  const credentials = await makeUser(OWNER)
  for (const storageClass of options.storageClasses ?? []) {
    const what = ['placement', 'add', '--placement-id=default-placement', `--storage-class=${storageClass}`]
    await admin('zonegroup', ...what, '--rgw-zonegroup=default')
    await admin('zone', ...what, '--rgw-zone=default', `--data-pool=default.rgw.${storageClass.toLowerCase()}`)
  }

  const certificates = options.tls ? started.use(await makeCertificates()) : undefined
  // Without tcp_nodelay every error and every small read takes 45 ms longer.
  const frontend = [`beast endpoint=127.0.0.1:${port} tcp_nodelay=1`]
  if (certificates) {
    const { certificatePath, keyPath } = certificates.server
    frontend.push(`ssl_endpoint=127.0.0.1:${securePort} ssl_certificate=${certificatePath} ssl_private_key=${keyPath}`)
  }
  const gateway = await daemon('radosgw', '-n', 'client.rgw', '--rgw-frontends', frontend.join(' '))

  const endpoint = `http://127.0.0.1:${port}`
  await gateway.waitUntil(() => answers(endpoint))

  const client: S3Client = s3Client(endpoint, credentials)
  started.defer(() => client.destroy())
  const owned = started.move()
  return {
    endpoint,
    credentials,
    client,
    tls: certificates && { endpoint: `https://127.0.0.1:${securePort}`, ca: certificates.authority.certificate },
    async makeBucket(name, { objectLock = false } = {}) {
      await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: objectLock }))
    },
    async setQuota(maxBytes) {
      const scope = ['--quota-scope=user', `--uid=${OWNER}`]
      if (maxBytes !== undefined) await admin('quota', 'set', ...scope, `--max-size=${maxBytes}`)
      await admin('quota', maxBytes === undefined ? 'disable' : 'enable', ...scope)
    },
    makeUser,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function makeKeys(run: (program: string, ...args: string[]) => Promise<string>, keyring: string): Promise<void> {
  await run('ceph-authtool', '-C', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *')
  for (const name of ['client.admin', 'client.rgw', 'osd.0']) {
    const rights = ['mon', 'osd', 'mgr'].flatMap((part) => ['--cap', part, 'allow *'])
    await run('ceph-authtool', keyring, '--gen-key', '-n', name, ...rights)
  }
}
