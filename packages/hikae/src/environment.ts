/** Variables of the process, as `main.ts` found them; nothing else reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>
