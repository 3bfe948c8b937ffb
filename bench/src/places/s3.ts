import { startRadosgw, startTcpProxy } from '@hikae/testkit'
import type { Server } from './server.ts'

/** Both ways together: what a provider in the same region is away. */
const ROUND_TRIP_MS = 20

/** Ceph's S3 server, which keeps everything in memory, behind a line with latency. */
export async function openS3(): Promise<Server> {
  await using opening = new AsyncDisposableStack()
  const server = opening.use(await startRadosgw())
  const { hostname: host, port } = new URL(server.endpoint)
  const line = opening.use(
    await startTcpProxy({ target: { host, port: Number(port) }, faults: { latencyMs: ROUND_TRIP_MS / 2 } }),
  )
  const { accessKeyId, secretAccessKey } = server.credentials
  const owned = opening.move()
  let places = 0
  return {
    async newPlace() {
      const bucket = `bench-${++places}`
      await server.makeBucket(bucket)
      return {
        address: `s3:http://127.0.0.1:${line.port}/${bucket}/repository`,
        args: [],
        env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
