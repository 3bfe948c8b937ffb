import { isRefusal } from './refusal.ts'

/** Of nothing at all. */
const WRONG_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const MOST_PROBE_BYTES = 64 * 1024

/**
 * Whether a server compares what it receives with the SHA-256 that is signed with the request, so that nothing else has to
 * be sent for it to check. Not all do. Servers that nothing is known of are tried out with the first small body, which is
 * sent with another hash than its own: who compares refuses it, and gets it once more; who does not has stored it.
 */
export class SignedHash {
  #isCompared: boolean | undefined
  #isBeingTried = false

  /** @param isCompared undefined when it is not known */
  constructor(isCompared: boolean | undefined) {
    this.#isCompared = isCompared
  }

  /** False as long as it is not known. */
  get isCompared(): boolean {
    return this.#isCompared ?? false
  }

  /** @param send one request with this signed hash for the content */
  async send(sha256: string, content: Uint8Array, send: (sha256: string) => Promise<void>): Promise<void> {
    if (this.#isCompared !== undefined || this.#isBeingTried || content.length > MOST_PROBE_BYTES) {
      await send(sha256)
      return
    }
    this.#isBeingTried = true
    try {
      if (await isAccepted(() => send(WRONG_SHA256))) {
        this.#isCompared = false
        return
      }
      await send(sha256)
      this.#isCompared = true
    } finally {
      this.#isBeingTried = false
    }
  }
}

/** Whoever does not compare the hash may find that the signature is not that of the body. */
async function isAccepted(send: () => Promise<void>): Promise<boolean> {
  try {
    await send()
    return true
  } catch (error) {
    if (isRefusal(error, 400, 403)) return false
    throw error
  }
}
