/** What the engines have read of our tables, printed when a suite ends. */
type Cell = { rows: number; reads: number; faults: number } | string

const reports = new Map<string, Map<string, Cell>>()

/** Counts rows of `table` that `engine` gave and that were the expected ones. */
export function agreed(table: string, engine: string, rows: number): void {
  const cell = countsOf(table, engine)
  cell.rows += rows
  cell.reads++
}

/** Counts an answer that `engine` is known to get wrong, and did. */
export function faulty(table: string, engine: string): void {
  countsOf(table, engine).faults++
}

/** Notes what an engine said when it refused `table`, as expected. */
export function refused(table: string, engine: string, message: string): void {
  cellsOf(table).set(engine, message.replace(/\s+/g, ' ').slice(0, 90))
}

/** One line a table: for each engine how many rows were compared in how many reads, or the words of its refusal. */
export function printMatrix(): void {
  const lines = [...reports].map(([table, cells]) => {
    const columns = [...cells].map(([engine, cell]) => `${engine} ${cellText(cell)}`)
    return `${table}: ${columns.join('; ')}`
  })
  process.stdout.write(`${lines.join('\n')}\n`)
}

function cellText(cell: Cell): string {
  if (typeof cell === 'string') return `refuses: ${cell}`
  const reads = cell.reads === 1 ? '' : ` in ${cell.reads} reads`
  return `${cell.rows} rows${reads}${cell.faults === 0 ? '' : ` and ${cell.faults} known faults`}`
}

function countsOf(table: string, engine: string): Exclude<Cell, string> {
  const cells = cellsOf(table)
  const cell = cells.get(engine)
  if (typeof cell === 'object') return cell
  const counts = { rows: 0, reads: 0, faults: 0 }
  cells.set(engine, counts)
  return counts
}

function cellsOf(table: string): Map<string, Cell> {
  let cells = reports.get(table)
  if (cells === undefined) {
    cells = new Map()
    reports.set(table, cells)
  }
  return cells
}
