/** The version of this package, as package.json has it; in file footers, snapshot summaries and `--version`. */
export const version = '0.1.0'
