/** Base64 (RFC 4648 §4) of UTF-8 text, as Secrets carry their values. Core has no platform decoder to call. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * @param text padded or not; line breaks do not count
 * @returns null when it is not base64, or not UTF-8 underneath: such a value cannot be an environment variable
 */
export function decodeBase64Text(text: string): string | null {
  const digits = digitsOf(text);
  if (digits === null) return null;
  const octets: string[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const digit of digits) {
    // At most 6 bits wait from before, so that this stays within 12.
    bits = ((bits << 6) | ALPHABET.indexOf(digit)) & 0xfff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    octets.push(`%${((bits >> bitCount) & 0xff).toString(16).padStart(2, "0")}`);
  }
  try {
    return decodeURIComponent(octets.join(""));
  } catch {
    return null;
  }
}

/** Whether it is base64, of text or not. */
export function isBase64(text: string): boolean {
  return digitsOf(text) !== null;
}

function digitsOf(text: string): string | null {
  const digits = text.replace(/[\r\n]/g, "").replace(/={0,2}$/, "");
  return /^[A-Za-z0-9+/]*$/.test(digits) && digits.length % 4 !== 1 ? digits : null;
}

/** Padded, without line breaks. Half of a surrogate pair, which is no text, becomes U+FFFD. */
export function encodeBase64Text(text: string): string {
  // Each octet of the UTF-8 form is a character of its own or %XX.
  const octets = encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")).match(/%..|./gs) ?? [];
  let encoded = "";
  for (let i = 0; i < octets.length; i += 3) {
    const [first = 0, second, third] = octets.slice(i, i + 3).map(octetOf);
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    encoded += digitAt(bits, 18) + digitAt(bits, 12);
    encoded += (second === undefined ? "=" : digitAt(bits, 6)) + (third === undefined ? "=" : digitAt(bits, 0));
  }
  return encoded;
}

function octetOf(text: string): number {
  return text.length === 1 ? text.charCodeAt(0) : Number.parseInt(text.slice(1), 16);
}

function digitAt(bits: number, shift: number): string {
  return ALPHABET[(bits >> shift) & 0x3f] ?? "";
}
