/**
 * MD5 (RFC 1321), because Kubernetes shortens long names with it (name.ts) and core has no crypto to call.
 * Not for anything that needs a secure hash.
 */

/** Rotations of the four rounds. */
const ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

/** floor(2^32 × |sin(i + 1)|), RFC 1321 §3.4. */
const SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);

/**
 * MD5 of a text in lower-case hex.
 * @param text ASCII only: Kubernetes names are
 */
export function md5Hex(text: string): string {
  const words = pad(text);
  const state: Block = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let start = 0; start < words.length; start += 16) absorb(state, words.subarray(start, start + 16));
  return state.map(littleEndianHex).join("");
}

type Block = [number, number, number, number];

/** The text as little-endian words, a one bit after it, zeros, and its length in bits in the last two words. */
function pad(text: string): Int32Array {
  const words = new Int32Array((((text.length + 8) >> 6) + 1) * 16);
  for (let i = 0; i < text.length; i++) words[i >> 2] = (words[i >> 2] ?? 0) | (text.charCodeAt(i) << ((i % 4) * 8));
  words[text.length >> 2] = (words[text.length >> 2] ?? 0) | (0x80 << ((text.length % 4) * 8));
  words[words.length - 2] = text.length * 8;
  return words;
}

function absorb(state: Block, words: Int32Array): void {
  let [a, b, c, d] = state;
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const [mixed, index] = mix(round, i, b, c, d);
    const rotation = ROTATIONS[round]?.[i % 4] ?? 0;
    const sum = (a + mixed + (SINES[i] ?? 0) + (words[index] ?? 0)) | 0;
    [a, d, c, b] = [d, c, b, (b + ((sum << rotation) | (sum >>> (32 - rotation)))) | 0];
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}

/** The auxiliary function of a round, and the word that step `i` takes. */
function mix(round: number, i: number, b: number, c: number, d: number): [number, number] {
  if (round === 0) return [(b & c) | (~b & d), i];
  if (round === 1) return [(d & b) | (~d & c), (5 * i + 1) % 16];
  if (round === 2) return [b ^ c ^ d, (3 * i + 5) % 16];
  return [c ^ (b | ~d), (7 * i) % 16];
}

function littleEndianHex(word: number): string {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 0xff).toString(16).padStart(2, "0")).join("");
}
