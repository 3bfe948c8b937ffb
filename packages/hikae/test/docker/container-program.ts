import { findContainer } from '../../src/docker/containers/container.ts'
import { startInContainer } from '../../src/docker/containers/start-in-container.ts'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { openEngine } from '../../src/docker/engine.ts'

/** Runs a program in a container, says so, and stays. */
const [host = '', name = '', ...command] = process.argv.slice(2)
const { signal } = new AbortController()
await using engine = await openEngine(parseEngineAddress(host), process.env, signal)
const container = await findContainer(engine, name)
await using running = startInContainer(engine, container, ['sh', '-c', 'echo begun; exec "$@"', 'sh', ...command], {
  signal,
})
for await (const bytes of running.stdout) process.stdout.write(bytes)
