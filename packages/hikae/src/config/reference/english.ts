import type { ReferenceLanguage } from './language.ts'

const introduction = `
# The stack file

<!-- Made by script/generate-reference.ts from the schema in packages/hikae/src/config: change it there. -->

\`hikae.yaml\` says what is backed up, where to, and how. It is looked for in the current folder, then in \`/etc/hikae\`;
\`--config FILE\` or \`HIKAE_CONFIG\` names another.

\`\`\`
hikae config check     all that is wrong with it, with file, line and column
hikae config show      what is in force, with all that is included and without secrets
hikae config schema    JSON Schema, for editors
\`\`\`

## In an editor

Editors that use yaml-language-server complete keys and show what they mean when the first line names the schema:

\`\`\`yaml
# yaml-language-server: $schema=hikae.schema.json
version: 1
\`\`\`

\`hikae config schema > hikae.schema.json\` writes that file; do it again after an update of Hikae.

## Several files

\`include\` names other files, with paths and patterns that begin in the folder of the file that names them. What a pattern matches
is read in the order of names, and every file once. An included file may hold every key; \`version\` may be left out there. Names from
several files come together, lists are appended, and what is said twice has to be the same: a name that two files use is an error.
All other relative paths begin in the folder of the stack file, whatever file they stand in.

## Variables

\`\${NAME}\` in a value stands for a variable of the environment, \`\${NAME:-default}\` has a default for one that is not set or empty, and
\`$$\` is a dollar sign. A variable that is not set and has no default is an error. Never put a secret into a value that way: a
[secret](#secrets) has a form of its own.
`

export const english: ReferenceLanguage = {
  introduction,
  headings: {
    key: 'Key',
    type: 'Type',
    default: 'Default',
    meaning: 'Meaning',
    topLevel: 'The file',
    secrets: 'Secrets',
  },
  required: 'required',
  space: ' ',
  oneOf: (keys) => `Exactly one of ${keys.join(', ')} is there.`,
  example: (example) => `Example: ${example}`,
  see: (link) => `See ${link}.`,
  types: {
    or: ' or ',
    text: 'text',
    url: 'URL',
    number: 'number',
    wholeNumber: 'whole number',
    map: 'map',
    names: 'map by name',
    secret: '[secret](#secrets)',
    anything: 'anything',
    listOf: (items) => `list of ${items}`,
  },
}
