import { Semaphore } from '../../concurrency.ts'
import type { CacheFolder } from './cache-folder.ts'

/**
 * Keeps a cache below its largest size, as long as packs can make room: those that were used longest ago, but none that is
 * in use here. What comes in otherwise meanwhile (small files, and what other programs keep) counts from the next program on.
 */
export class PackRoom {
  readonly #folder: CacheFolder
  readonly #maxBytes: number
  readonly #isInUse: (pack: string) => boolean
  readonly #oneByOne = new Semaphore(1)
  /** Sizes of the packs, those first that were used longest ago; undefined before the first look. */
  #packs: Map<string, number> | undefined
  #bytes = 0

  constructor(folder: CacheFolder, maxBytes: number, isInUse: (pack: string) => boolean) {
    this.#folder = folder
    this.#maxBytes = maxBytes
    this.#isInUse = isInUse
  }

  /**
   * Removes packs until a new one of `bytes` fits, and counts that as there. The first call looks at every kept file: half
   * a second for 20,000.
   *
   * @returns whether it fits; if not, it does not count
   */
  async take(pack: string, bytes: number): Promise<boolean> {
    return await this.#oneByOne.run(async () => {
      const packs = (this.#packs ??= await this.#survey())
      this.dropped(pack)
      for (const [old, size] of packs) {
        if (this.#bytes + bytes <= this.#maxBytes) break
        if (this.#isInUse(old)) continue
        await this.#folder.remove('pack', old)
        packs.delete(old)
        this.#bytes -= size
      }
      if (this.#bytes + bytes > this.#maxBytes) return false
      packs.set(pack, bytes)
      this.#bytes += bytes
      return true
    })
  }

  /** A pack is no longer there. */
  dropped(pack: string): void {
    this.#bytes -= this.#packs?.get(pack) ?? 0
    this.#packs?.delete(pack)
  }

  async #survey(): Promise<Map<string, number>> {
    const now = Date.now()
    const packs = await this.#folder.survey('pack', now)
    const others = [...(await this.#folder.survey('index', now)), ...(await this.#folder.survey('snapshot', now))]
    this.#bytes = [...packs, ...others].reduce((sum, { size }) => sum + size, 0)
    return new Map(packs.sort((a, b) => a.usedAtMs - b.usedAtMs).map(({ name, size }) => [name, size]))
  }
}
