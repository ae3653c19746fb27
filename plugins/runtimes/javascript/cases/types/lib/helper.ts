export function helper<T>(value: T): T[] { return [value]; }
export const enum Colour { Red = 'red', Blue = 'blue' }
