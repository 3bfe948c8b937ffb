const ELEMENT = /^\s*(?:\d+\) )?"(.*)"$/
const ESCAPED = /\\(?:x([0-9a-f]{2})|(.))/g
const NAMED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' }

/** Texts of an answer as `redis-cli --no-raw` prints it, each on a line of its own, in UTF-8. */
export function quotedLines(answer: string): string[] {
  return answer.split('\n').flatMap((line) => {
    const text = ELEMENT.exec(line)?.[1]
    return text === undefined ? [] : [unescape(text)]
  })
}

function unescape(text: string): string {
  const bytes = text.replaceAll(ESCAPED, (_, hex: string | undefined, named: string) =>
    hex === undefined ? (NAMED[named] ?? named) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString()
}
