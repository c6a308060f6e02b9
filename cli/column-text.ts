/** Columns as people type them: `name type [required] [default value]`. */
import { type AnyColumn, type ColumnPath, invalidArgument, t } from '../index.ts'
import { csvValue } from './csv-value.ts'

export interface TypedColumn {
  readonly column: ColumnPath
  readonly type: AnyColumn
}

/**
 * `coupon string`, `customer.zip int`, `"odd name" decimal(9,2) required default 1.50`. A default goes on to the end of
 * the text. Throws INVALID_ARGUMENT, which `usedIn` begins.
 */
export function parseColumn(text: string, usedIn: string): TypedColumn {
  const [, quoted, plain, rest = ''] = /^\s*(?:"((?:[^"]|"")*)"|([^\s"]+))\s+(.*)$/s.exec(text) ?? []
  if (rest === '') throw wrong(usedIn, `a name and a type, as in 'coupon string'`, text)
  const column = quoted === undefined ? plain! : [quoted.replaceAll('""', '"')]
  const [, typeText = '', required, defaultText] =
    /^(.*?)(\s+required)?(?:\s+default\s+(.*))?$/is.exec(rest.trim()) ?? []
  let type = parseType(typeText, usedIn)
  if (defaultText !== undefined) {
    const field = { id: 0, name: 'default', required: false, type: type.type }
    type = type.default(csvValue(field, defaultText) as never)
  }
  return { column, type: required === undefined ? type : type.required() }
}

/** `long`, `decimal(9, 2)`, `list<int>`, `map<string, double>`, `struct<sku: string, price: decimal(9, 2)>`. */
export function parseType(text: string, usedIn: string): AnyColumn {
  const tokens = text.match(/[\w"]+|[^\s\w]/g) ?? []
  let at = 0
  const type = parseAt()
  if (at < tokens.length) throw unexpected(`the end`)
  return type

  function parseAt(): AnyColumn {
    const word = (tokens[at++] ?? '').toLowerCase()
    switch (word) {
      case 'decimal': {
        const [precision, scale] = numbers('(', 2, ')')
        return t.decimal(precision!, scale!)
      }
      case 'fixed':
        return t.fixed(numbers('[', 1, ']')[0]!)
      case 'list':
        return within(() => t.list(parseAt()))
      case 'map':
        return within(() => {
          const key = parseAt()
          take(',')
          return t.map(key, parseAt())
        })
      case 'struct':
        return within(() => t.struct(members()))
      default:
        return simpleType(word)
    }
  }

  function simpleType(word: string): AnyColumn {
    if (Object.hasOwn(simpleTypes, word)) return simpleTypes[word]!()
    at--
    throw unexpected(
      `a type (${[...Object.keys(simpleTypes), 'decimal, fixed, list, map, struct'].join(', ')})`,
    )
  }

  function members(): Record<string, AnyColumn> {
    const columns: Record<string, AnyColumn> = Object.create(null)
    do {
      const name = tokens[at++]
      if (name === undefined || !/^\w+$/.test(name)) {
        at--
        throw unexpected('the name of a member')
      }
      take(':')
      columns[name] = parseAt()
    } while (tokens[at] === ',' && at++ > 0)
    return columns
  }

  function within<T>(parse: () => T): T {
    take('<')
    const parsed = parse()
    take('>')
    return parsed
  }

  function numbers(open: string, count: number, close: string): number[] {
    take(open)
    const found: number[] = []
    while (found.length < count) {
      if (found.length > 0) take(',')
      const token = tokens[at++] ?? ''
      if (!/^\d{1,9}$/.test(token)) {
        at--
        throw unexpected('a number')
      }
      found.push(Number(token))
    }
    take(close)
    return found
  }

  function take(token: string): void {
    if (tokens[at] !== token) throw unexpected(`'${token}'`)
    at++
  }

  function unexpected(expected: string) {
    return wrong(
      usedIn,
      expected,
      tokens[at] === undefined ? `the end of '${text}'` : `${tokens[at]}' in '${text}`,
    )
  }
}

const simpleTypes: Readonly<Record<string, () => AnyColumn>> = {
  boolean: t.boolean,
  int: t.int,
  long: t.long,
  float: t.float,
  double: t.double,
  date: t.date,
  time: t.time,
  timestamp: t.timestamp,
  timestamptz: t.timestamptz,
  timestamp_ns: t.timestampNs,
  timestamptz_ns: t.timestamptzNs,
  string: t.string,
  uuid: t.uuid,
  binary: t.binary,
  unknown: t.unknown,
}

function wrong(usedIn: string, expected: string, found: string) {
  return invalidArgument(`${usedIn}: expected ${expected}, found '${found}'`)
}
