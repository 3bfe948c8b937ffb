const TREE_START = Buffer.from('{"nodes":[')
const TREE_END = ']}\n'
const NEXT_NODE = '},{"name":"'

// One field each, as encodeNode writes them. `generic_attributes` and unknown keys are left out on purpose: they may hold
// anything, also what looks like the next node.
const CHARACTERS = String.raw`[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\0-\x1f]*)*`
const STRING = `"${CHARACTERS}"`
const NUMBER = '(?:0|[1-9][0-9]*)'
const TIME = '"[0-9:.TZ+-]+"'
const BASE64 = '"[A-Za-z0-9+/=]*"'
const ATTRIBUTE = `\\{"name":${STRING},"value":(?:${BASE64}|null)\\}`
const NODE_UP_TO_CONTENT = new RegExp(
  `\\{"name":"(${CHARACTERS})","type":"[a-z]+"(?:,"mode":${NUMBER})?` +
    `,"mtime":${TIME},"atime":${TIME},"ctime":${TIME},"uid":${NUMBER},"gid":${NUMBER}` +
    `(?:,"user":${STRING})?(?:,"group":${STRING})?` +
    `(?:,"inode":${NUMBER})?(?:,"device_id":${NUMBER})?(?:,"size":${NUMBER})?(?:,"links":${NUMBER})?` +
    `(?:,"linktarget":${STRING})?(?:,"linktarget_raw":${BASE64})?` +
    `(?:,"extended_attributes":\\[${ATTRIBUTE}(?:,${ATTRIBUTE})*\\])?(?:,"device":${NUMBER})?,"content":`,
  'y',
)
const NODE_AFTER_CONTENT = new RegExp(`(?:,"subtree":"[0-9a-f]{64}")?(?:,"error":${STRING})?\\}`, 'y')

/**
 * Cuts a tree blob into its nodes without parsing them. The whole layout is checked on the way, so a slice is always
 * exactly one node. About 1 µs for a node.
 *
 * @returns by what stands between the quotes of `name` (see `encodeName`): the JSON of the node. Both are byte strings.
 *   Undefined when the tree is not laid out as restic does on Linux, or has a name twice: decode it then.
 */
export function sliceTree(bytes: Uint8Array): Map<string, string> | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (!text.startsWith('{"nodes":[') || !text.endsWith(TREE_END)) return undefined
  const slices = new Map<string, string>()
  const end = text.length - TREE_END.length
  let position = TREE_START.length
  if (position === end) return slices
  for (;;) {
    NODE_UP_TO_CONTENT.lastIndex = position
    const name = NODE_UP_TO_CONTENT.exec(text)?.[1]
    if (name === undefined || slices.has(name)) return undefined
    const contentEnd = skipContent(text, NODE_UP_TO_CONTENT.lastIndex)
    NODE_AFTER_CONTENT.lastIndex = contentEnd
    if (contentEnd < 0 || !NODE_AFTER_CONTENT.test(text)) return undefined
    slices.set(name, text.slice(position, NODE_AFTER_CONTENT.lastIndex))
    position = NODE_AFTER_CONTENT.lastIndex
    if (position === end) return slices
    if (text[position] !== ',') return undefined
    position++
  }
}

const ID_AND_NEXT = /"[0-9a-f]{64}"[,\]]/y

/** The index behind `null` or a list of ids; -1 when neither is there. One id at a time: lists may be huge. */
function skipContent(text: string, start: number): number {
  if (text.startsWith('null', start)) return start + 4
  if (text.startsWith('[]', start)) return start + 2
  if (text[start] !== '[') return -1
  ID_AND_NEXT.lastIndex = start + 1
  while (ID_AND_NEXT.test(text)) {
    if (text[ID_AND_NEXT.lastIndex - 1] === ']') return ID_AND_NEXT.lastIndex
  }
  return -1
}

/**
 * Cuts a large tree blob at boundaries of nodes into parts of about `partBytes`.
 *
 * @yields JSON of one or more nodes with commas between them; undefined, at last, when the layout is not restic's. When
 *   every part parses as a list, the cuts were right: a cut inside a node leaves its braces unbalanced.
 */
export function* groupNodes(tree: Buffer, partBytes: number): Generator<Buffer | undefined> {
  const end = tree.length - TREE_END.length
  const isTree =
    tree.subarray(0, TREE_START.length).equals(TREE_START) && tree.subarray(end).equals(Buffer.from(TREE_END))
  if (!isTree) {
    yield undefined
    return
  }
  let start = TREE_START.length
  while (start < end) {
    const boundary = tree.indexOf(NEXT_NODE, Math.min(start + partBytes, end))
    const close = boundary === -1 ? end : boundary + 1
    yield tree.subarray(start, close)
    start = close + 1
  }
}
