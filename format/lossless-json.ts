/**
 * JSON without loss: integers outside ±(2^53 − 1) are bigint, objects have a null prototype and keep the order of
 * their keys, so that a name such as `__proto__` is a name like any other.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}
