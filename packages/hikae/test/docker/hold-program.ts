import { Holder } from './quiesce-holder.ts'

/** Stops or pauses containers and holds them until it is killed. */
const [host = '', folder = '', how = '', ...names] = process.argv.slice(2)
const holder = new Holder({ host, folder })
await using engine = await holder.open()
await holder.hold(engine, names, how as 'stop' | 'pause')
process.stdout.write('held\n')
setInterval(() => undefined, 60_000)
