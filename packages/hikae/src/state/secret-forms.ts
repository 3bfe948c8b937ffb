/** Fewer characters of base64 are found by chance. */
const SHORTEST_BASE64 = 4

/** Escapes of JSON that are not the character itself after a backslash. */
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' }

/**
 * Patterns of the forms in which a secret may stand in a text; global, so that they can be run on. Each character is looked
 * for as it is, percent-encoded or escaped, in any mixture: encoders differ in what they spare.
 */
export function secretForms(secret: string): readonly RegExp[] {
  const characters = secret.match(/\\+|[^\\]/gu) ?? []
  return [new RegExp(characters.map(characterForms).join(''), 'gu'), ...base64Forms(secret)]
}

/** JSON within JSON within JSON makes eight backslashes of one. No more are looked for, so that a search never takes long. */
const ESCAPE = String.raw`\\{1,8}`
const ESCAPE_IF_ANY = String.raw`\\{0,8}`

/** @param character or several backslashes */
function characterForms(character: string): string {
  const percent = [...Buffer.from(character)].map((byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`)
  const units = character.split('').map((unit) => `u${anyCase(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`)
  const forms = [plainForm(character), percent.join(''), units.map((unit) => ESCAPE + unit).join('')]
  if (character === ' ') forms.push(String.raw`\+`)
  const short = SHORT_ESCAPES[character]
  if (short !== undefined) forms.push(ESCAPE + short)
  return `(?:${forms.join('|')})`
}

function plainForm(character: string): string {
  if (character.startsWith('\\')) return String.raw`\\{${character.length},${character.length * 8}}`
  return (/["'/]/.test(character) ? ESCAPE_IF_ANY : '') + escaped(character)
}

function escaped(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

/**
 * What is always the same of a secret in base64, wherever it stands in what is encoded: three bytes become four characters,
 * so there are three positions. Characters hold six bits each; one that holds bits of its neighbour too is taken with it,
 * whatever it is.
 */
function base64Forms(secret: string): RegExp[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const [fromBit, toBit] = [before * 8, (before + bytes.length) * 8]
    const inner = encoded.slice(Math.ceil(fromBit / 6), Math.floor(toBit / 6))
    if (inner.length < SHORTEST_BASE64) return []
    const [first, last] = [fromBit % 6 === 0 ? '' : ANY_BASE64, toBit % 6 === 0 ? '' : `${ANY_BASE64}?`]
    return [new RegExp(`${first}${Array.from(inner, base64Character).join('')}${last}={0,2}`, 'gu')]
  })
}

const ANY_BASE64 = String.raw`[\w+/\-]`

/** The alphabet for URLs has two other characters, and URLs escape them. */
function base64Character(character: string): string {
  if (character === '+') return '(?:[+-]|%2[bB])'
  if (character === '/') return '(?:[/_]|%2[fF])'
  return character
}
