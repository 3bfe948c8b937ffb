import { passwordsIn } from './address-password.ts'
import { variablesIn } from './interpolate.ts'
import type { ConfigProblem } from './problem.ts'
import type { SchemaForms } from './schema-forms.ts'
import { secretPlaces } from './secret-places.ts'
import type { StackDocument } from './stack-document.ts'
import { mapTexts, valueAt } from './tree.ts'

/** What has to be changed about the secrets of a stack file, and what should be. */
export interface SecretFindings {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** Nothing of what stands in a secret's place is repeated. */
export function checkSecrets(document: StackDocument, schema: SchemaForms): SecretFindings {
  const places = secretPlaces(document.tree, schema)
  const literals = places.flatMap((path) => literalAt(document, path))
  return {
    problems: places.flatMap((path) => variableByValue(document, path)),
    warnings: [...literals, ...passwordsInAddresses(document, places)],
  }
}

/** `{ env: "${NAME}" }` would look for a variable called like the secret, and say so when there is none. */
function variableByValue(document: StackDocument, path: readonly PropertyKey[]): ConfigProblem[] {
  const raw = document.rawAt([...path, 'env'])
  const [name] = typeof raw === 'string' ? variablesIn(raw) : []
  if (name === undefined) return []
  const message = `env takes the name of a variable, not its value: write { env: ${name} }`
  return [problem(document, [...path, 'env'], message)]
}

function literalAt(document: StackDocument, path: readonly PropertyKey[]): ConfigProblem[] {
  if (typeof valueAt(document.tree, path) !== 'string') return []
  const variable = wholeVariable(String(document.rawAt(path)))
  const message = variable
    ? `write { env: ${variable} }: the secret is then read when it is needed, and is no part of the configuration`
    : `whoever can read this file can read the secret; write { file: /etc/hikae/${nameFor(path)} } and keep it there`
  return [problem(document, path, message)]
}

function passwordsInAddresses(document: StackDocument, places: readonly PropertyKey[][]): ConfigProblem[] {
  const secret = new Set(places.map((path) => path.join('\0')))
  const found: ConfigProblem[] = []
  mapTexts(document.tree, (text, path) => {
    if (secret.has(path.join('\0'))) return text
    const raw = document.rawAt(path)
    const passwords = passwordsIn(typeof raw === 'string' ? raw : text)
    if (passwords.some((password) => wholeVariable(password) === undefined)) {
      const advice = 'write the address without it, and the password under a key of its own, as { file: PATH }'
      found.push(problem(document, path, `whoever can read this file can read the password in this address; ${advice}`))
    }
    return text
  })
  return found
}

function wholeVariable(text: string): string | undefined {
  return /^\$\{(\w+)\}$/.exec(text)?.[1]
}

/** The last word of the path, as a file would be called: `password`, `secret-access-key`. */
function nameFor(path: readonly PropertyKey[]): string {
  const word = path.findLast((step) => typeof step === 'string') ?? 'secret'
  return word
    .replace(/([a-z])(?=[A-Z])/g, '$1-')
    .replace(/[^\w.-]/g, '-')
    .toLowerCase()
}

function problem(document: StackDocument, path: readonly PropertyKey[], message: string): ConfigProblem {
  return { ...document.positionOf(path), at: path.map(String).join('.'), message }
}
