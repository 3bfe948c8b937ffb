import type { Discovery } from '../../discovery/look-around.ts'
import type { ProposedSource } from '../../discovery/finder.ts'
import type { DiskFacts } from '../../disks/inventory.ts'
import { errorMessage, InterruptedError, UsageError } from '../../errors.ts'
import { parseAddress } from '../../repositories/address/address.ts'
import type { CommandContext } from '../context.ts'
import { formatBytesRoughly } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { folderOn, usableDisks } from './places.ts'

export interface Answers {
  readonly stack: string
  readonly sources: readonly ProposedSource[]
  readonly addresses: readonly string[]
}

type Clack = typeof import('@clack/prompts')
type Streams = { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream; readonly signal: AbortSignal }

const NAME = /^[a-z0-9][\w.-]*$/i

/** Asks a person what is to be saved, and where to. Writes nothing. */
export class Questions {
  readonly #clack: Clack
  readonly #streams: Streams

  private constructor(clack: Clack, { io, signal }: CommandContext) {
    this.#clack = clack
    this.#streams = { input: io.stdin, output: io.stderr as NodeJS.WriteStream, signal }
  }

  /** @throws {UsageError} there is nobody to ask */
  static async open(context: CommandContext): Promise<Questions> {
    const { io, out } = context
    if (!io.stdin.isTTY || !io.stderr.isTTY || out.json) {
      throw new UsageError('there is no stack file, and nobody can be asked what it should say', {
        hint: 'add --yes --to /path/to/repository to set up what is proposed, or --repo to create a repository only',
      })
    }
    out.flush()
    return new Questions(await import('@clack/prompts'), context)
  }

  async ask(
    { sources }: Discovery,
    proposed: { readonly stack: string; readonly addresses: readonly string[]; readonly disks: readonly DiskFacts[] },
  ): Promise<Answers> {
    const { text, multiselect } = this.#clack
    const stack = await this.#answer(
      text({
        message: 'What is this stack called?',
        initialValue: proposed.stack,
        validate: (name) => (NAME.test(name ?? '') ? undefined : 'letters, digits, dots, dashes and underscores'),
        ...this.#streams,
      }),
    )
    const names = await this.#answer(
      multiselect({
        message: 'What is to be saved?',
        options: sources.map(({ name, kind, description }) => ({
          value: name,
          label: `${name} (${kind})`,
          hint: printableText(description),
        })),
        initialValues: sources.map(({ name }) => name),
        required: true,
        ...this.#streams,
      }),
    )
    const addresses = proposed.addresses.length > 0 ? proposed.addresses : await this.#askPlaces(proposed.disks)
    return { stack, sources: sources.filter(({ name }) => names.includes(name)), addresses }
  }

  async confirm(message: string): Promise<boolean> {
    return this.#answer(this.#clack.confirm({ message, initialValue: false, ...this.#streams }))
  }

  async #askPlaces(disks: readonly DiskFacts[]): Promise<string[]> {
    const { text, multiselect } = this.#clack
    const usable = usableDisks(disks)
    const chosen =
      usable.length === 0
        ? []
        : await this.#answer(
            multiselect({
              message: 'Where are the backups to be? (servers and buckets are asked for next)',
              options: usable.map((disk) => ({ value: folderOn(disk), label: printableText(labelOf(disk)) })),
              initialValues: usable.filter(({ isRemovable }) => isRemovable).map(folderOn),
              required: false,
              ...this.#streams,
            }),
          )
    const addresses = [...chosen]
    for (;;) {
      const isFirst = addresses.length === 0
      const address = await this.#answer(
        text({
          message: isFirst ? 'Where are the backups to be?' : 'And in another place? (empty: no)',
          placeholder: isFirst ? '/mnt/backup/hikae, sftp:user@host:/folder, s3:https://server/bucket' : '',
          validate: (given) => problemOf((given ?? '').trim(), isFirst),
          ...this.#streams,
        }),
      )
      if ((address ?? '').trim() === '') return addresses
      addresses.push(address.trim())
    }
  }

  async #answer<T>(asked: Promise<T>): Promise<Exclude<T, symbol>> {
    const answer = await asked
    this.#streams.signal.throwIfAborted()
    if (this.#clack.isCancel(answer)) throw new InterruptedError('stopped at a question: nothing was made')
    return answer as Exclude<T, symbol>
  }
}

function problemOf(address: string, isNeeded: boolean): string | undefined {
  if (address === '') return isNeeded ? 'at least one place is needed' : undefined
  try {
    parseAddress(address)
    return undefined
  } catch (error) {
    return errorMessage(error)
  }
}

/** `/mnt/usb/hikae on BACKUP, 1.8 TiB free` */
function labelOf(disk: DiskFacts): string {
  const name = disk.content.label ?? disk.model ?? disk.device
  const free = disk.freeBytes === undefined ? '' : `, ${formatBytesRoughly(disk.freeBytes)} free`
  return `${folderOn(disk)} on ${name}${free}${disk.isRemovable ? '' : ', built in'}`
}
