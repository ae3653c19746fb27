export const name = 'other'; export function f() {}
