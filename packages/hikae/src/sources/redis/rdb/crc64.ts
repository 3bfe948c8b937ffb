const [TABLE_LOW, TABLE_HIGH] = makeTables()

/** CRC-64 (Jones, reflected) as RDB files end with, in two halves: numbers of 64 bits are slow in JavaScript. */
export class Crc64 {
  #low = 0
  #high = 0

  update(bytes: Uint8Array): void {
    let [low, high] = [this.#low, this.#high]
    for (let at = 0; at < bytes.length; at++) {
      const index = (low ^ bytes[at]!) & 0xff
      low = ((low >>> 8) | (high << 24)) ^ TABLE_LOW[index]!
      high = (high >>> 8) ^ TABLE_HIGH[index]!
    }
    ;[this.#low, this.#high] = [low, high]
  }

  get value(): bigint {
    return (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0)
  }
}

function makeTables(): [Int32Array, Int32Array] {
  const [low, high] = [new Int32Array(256), new Int32Array(256)]
  for (let index = 0; index < 256; index++) {
    let crc = BigInt(index)
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ ((crc & 1n) === 1n ? 0x95ac9329ac4bc9b5n : 0n)
    low[index] = Number(BigInt.asIntN(32, crc))
    high[index] = Number(BigInt.asIntN(32, crc >> 32n))
  }
  return [low, high]
}
