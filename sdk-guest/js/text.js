// Texts as UTF-8, and back. QuickJS has no TextEncoder.

export function utf8(text) {
  const escaped = unescape(encodeURIComponent(text));
  return Uint8Array.from(escaped, (byte) => byte.charCodeAt(0));
}

// Throws where the bytes are no UTF-8.
export function text(bytes) {
  let escaped = "";
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) {
    escaped += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return decodeURIComponent(escape(escaped));
}

// What a system call takes as bytes.
export function bytes(value) {
  return typeof value === "string" ? utf8(value) : value;
}
