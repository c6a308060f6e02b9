import { decodeRowJson, type NestedField, parseJson } from '../index.ts'

/** A CSV cell as `append` takes it for a column; what does not fit is left as text for the writer to refuse. */
export function csvValue(field: NestedField, text: string): unknown {
  switch (field.type.kind) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'int':
    case 'long':
      return /^-?\d{1,19}$/.test(text) ? BigInt(text) : text
    case 'float':
    case 'double':
      return /^(NaN|-?Infinity|-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i.test(text) ? Number(text) : text
    case 'struct':
    case 'list':
    case 'map':
      return decodeRowJson({ value: parseJson(text) }, [{ ...field, name: 'value' }])['value']
    case 'binary':
    case 'fixed':
    case 'geometry':
    case 'geography':
      return decodeRowJson({ value: text }, [{ ...field, name: 'value' }])['value']
    default:
      return text
  }
}
