import { type Data, DataType, type Field, type RecordBatch } from 'apache-arrow'
import { invalidArgument } from '../errors.ts'

/**
 * Refuses a batch with a null where its schema allows none, with the path to it. Encoders look at the top level only,
 * and below it store what happens to lie under the null.
 */
export function checkRequiredValues(batch: RecordBatch): void {
  checkChildren(batch.data, [])
}

function checkChildren(parent: Data, path: readonly string[]): void {
  parent.children.forEach((child, i) => {
    const field = parent.type.children[i] as Field
    const childPath = [...path, field.name]
    if (!field.nullable && child.nullCount > 0 && !DataType.isNull(field.type)) {
      checkRequired(parent, child, childPath)
    }
    checkChildren(child, childPath)
  })
}

/** A member of a null struct may be anything; elements and entries have no such parent. */
function checkRequired(parent: Data, child: Data, path: readonly string[]): void {
  const excused = DataType.isStruct(parent.type) && parent.nullCount > 0
  for (let i = 0; i < child.length; i++) {
    if (child.getValid(i) || (excused && !parent.getValid(i))) continue
    throw invalidArgument(`'${path.join('.')}' is required, and null in value ${i}`, {
      path: path.join('.'),
      value: i,
    })
  }
}
