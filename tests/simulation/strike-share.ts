/** Which strikes a run makes: all of them where MORAINE_SEEDS is set, else a share, drawn by MORAINE_SEED. */

export const STRIKES_ALL = process.env['MORAINE_SEEDS'] !== undefined
const SEED = Number(process.env['MORAINE_SEED'] ?? 0)

/** A number from 0, the same for the same case and seed. */
export function lotOf(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7 + SEED)
}
