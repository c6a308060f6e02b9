/**
 * A field name as Avro allows it: any other character becomes `_x` and its UTF-16 code in hex, a leading digit gets
 * `_` in front, both as Iceberg Java does. Letters beyond ASCII are replaced too: Java keeps them, against the Avro
 * specification, and readers that go by it cannot open such a file. Every reader finds columns by their field ids.
 */
export function avroName(name: string): string {
  return Array.from({ length: name.length }, (_, i) => sanitised(name[i]!, i === 0)).join('')
}

function sanitised(unit: string, first: boolean): string {
  if (LETTER.test(unit)) return unit
  if (DIGIT.test(unit)) return first ? `_${unit}` : unit
  return `_x${unit.charCodeAt(0).toString(16).toUpperCase()}`
}

const LETTER = /^[A-Za-z_]$/
const DIGIT = /^[0-9]$/
