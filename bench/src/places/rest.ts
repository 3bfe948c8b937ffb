import { startRcloneRest } from '@hikae/testkit'
import type { Server } from './server.ts'

/** rclone's REST server, which belongs to none of the tools that are compared. */
export async function openRest(folder: string): Promise<Server> {
  const server = await startRcloneRest({ folder })
  let places = 0
  return {
    newPlace: async () => ({ address: `rest:${server.url}repository-${++places}/`, args: [], env: {} }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
