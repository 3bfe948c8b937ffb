import { createRequire } from 'node:module'
import { runProcess } from './run-process.ts'
import { s3Client, type S3Server } from './s3-server.ts'
import { makeTempDir } from './temp-dir.ts'

/** Why {@link startMiniflareR2} cannot work here; undefined when it can. */
export async function whyNoMiniflareR2(): Promise<string | undefined> {
  try {
    // Miniflare's dependency, not ours, so that this is the one that it runs.
    const requireThere = createRequire(createRequire(import.meta.url).resolve('miniflare'))
    const workerd = requireThere('workerd') as { default: string }
    const { exitCode, stderr } = await runProcess(workerd.default, ['--version'])
    return exitCode === 0 ? undefined : `workerd does not run: ${stderr.trim()}`
  } catch (error) {
    return `workerd does not run: ${String(error)}`
  }
}

/**
 * Starts Miniflare, Cloudflare's own simulator of its platform, for what it shows of R2 over S3: R2's codes and words of
 * refusal, and its 501 for what R2 does not have. Nothing leaves the machine. Buckets are part of its configuration, so
 * that there is one, and `makeBucket` accepts no other name. It knows neither storage classes nor lists of unfinished
 * uploads, which R2 has, and no body that is signed in pieces. Its endpoint has a path, which restic cannot be given.
 */
export async function startMiniflareR2(bucket: string): Promise<S3Server> {
  const { Miniflare, NoOpLog } = await import('miniflare')
  const credentials = { accessKeyId: 'tester', secretAccessKey: 'testing' }
  await using started = new AsyncDisposableStack()
  const dir = started.use(await makeTempDir())
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new NoOpLog(),
    modules: true,
    script: 'export default {}',
    // Its own folder for temporary files is removed after `dispose` is over, or never: nothing is kept there.
    cache: false,
    r2Persist: dir.path,
    r2Buckets: { BUCKET: { id: bucket, s3Credentials: credentials } },
  })
  started.defer(() => miniflare.dispose())
  const endpoint = new URL('/cdn-cgi/local/r2/s3', await miniflare.ready).href
  const client = s3Client(endpoint, credentials)
  started.defer(() => client.destroy())
  const owned = started.move()
  return {
    endpoint,
    credentials,
    client,
    async makeBucket(name) {
      if (name !== bucket) throw new Error(`this server has the bucket ${bucket}, and makes no other`)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
