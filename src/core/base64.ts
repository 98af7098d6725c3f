/** Base64 (RFC 4648 §4) of UTF-8 text, as Secrets carry their values. Core has no platform decoder to call. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * @param text padded or not; line breaks do not count
 * @returns null when it is not base64, or not UTF-8 underneath: such a value cannot be an environment variable
 */
export function decodeBase64Text(text: string): string | null {
  const digits = text.replace(/[\r\n]/g, "").replace(/={0,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return null;
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
