/** An engine writes an export to its own disk before it gives any of it: so much of that at once, where images allow it. */
const BATCH_BYTES = 4 * 1024 ** 3

/**
 * Images that are exported together: layers that they share come once. Several batches where one would need much room on the
 * engine's disk; each has at least one image.
 */
export function inBatches<Image extends { readonly sizeBytes: number }>(
  images: readonly Image[],
  most = BATCH_BYTES,
): Image[][] {
  const batches: Image[][] = []
  let room = 0
  for (const image of images) {
    if (image.sizeBytes > room) {
      batches.push([])
      room = most
    }
    batches.at(-1)!.push(image)
    room -= image.sizeBytes
  }
  return batches
}
