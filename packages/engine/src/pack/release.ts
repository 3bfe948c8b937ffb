/**
 * Gives the memory of arrays back now: the collector sees small objects and would take its time. Each has a buffer of its
 * own, which nothing else uses; arrays out of Node's pool do not.
 */
export function release(...arrays: readonly Pick<Uint8Array<ArrayBuffer>, 'buffer'>[]): void {
  for (const { buffer } of arrays) buffer.transfer(0)
}
