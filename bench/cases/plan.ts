import type { BenchCase, Round } from '../case.ts'
import { IDS_PER_FILE, PARTITIONS, type PlannedTable, plannedTable } from '../data/planned-table.ts'
import { java, node, python } from '../peers/commands.ts'

/**
 * Cold: every manifest is read and unpacked. Repeated: manifests that were read are kept, as Java keeps their bytes.
 * Either way the processes are warm.
 */
export const plan: BenchCase = {
  name: 'plan',
  about: 'plan a scan of files in manifests of 1,000, over 100 partitions, with disjoint ranges of ids',
  unit: 'files',
  async prepare({ files }) {
    const table = plannedTable(files)
    return [
      { title: 'all', column: '', value: 0 },
      { title: 'one partition', column: 'quantity', value: Math.floor(PARTITIONS * 0.42) },
      { title: 'one id', column: 'id', value: Math.floor(files * IDS_PER_FILE * 0.42) },
    ].flatMap((filter) => rounds(table, files, filter))
  },
}

interface Filter {
  readonly title: string
  /** Compared for equality; '' for no filter. */
  readonly column: string
  readonly value: number
}

function rounds(table: PlannedTable, files: number, { title, column, value }: Filter): readonly Round[] {
  const { metadataLocation } = table
  const where = column === '' ? {} : { where: `${column} = ${value}` }
  const ours = (cached: boolean) => {
    const connect = { properties: { 'io.manifest.cache-enabled': String(cached) } }
    return node('plan', { ...table, ...where, connect })
  }
  const inJava = (cached: boolean) =>
    java('PlanFiles', metadataLocation, String(files), column, String(value), String(cached))
  return [
    {
      title: `${files} files, ${title}, cold`,
      contenders: [
        { label: 'moraine', command: ours(false), warmUps: 3 },
        { label: 'pyiceberg', command: python('pyiceberg_plan', { metadataLocation, files, ...where }) },
        { label: 'iceberg java', command: inJava(false), warmUps: 15 },
      ],
    },
    {
      title: `${files} files, ${title}, repeated`,
      contenders: [
        { label: 'moraine', command: ours(true), warmUps: 3 },
        { label: 'iceberg java, cached', command: inJava(true), warmUps: 15 },
      ],
    },
  ]
}
