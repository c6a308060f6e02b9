/** The first `width` code points of `text`; never half a surrogate pair. */
export function truncateCodePoints(text: string, width: number): string {
  if (text.length <= width) return text
  const end = offsetOfCodePoint(text, width)
  return end === text.length ? text : text.slice(0, end)
}

/** The index in UTF-16 units at which code point number `count` starts, or the length of a shorter text. */
function offsetOfCodePoint(text: string, count: number): number {
  let offset = 0
  for (let passed = 0; passed < count && offset < text.length; passed++) {
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1
  }
  return offset
}

/** Whether no surrogate stands alone, so that the text has a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}
