// Texts that somebody else chose. They are only ever set as textContent; here they are made harmless to read as well.

const MAX_SHOWN = 2_000;

/**
 * A text as it may be shown: one line, no control characters, and none that turn the direction of writing round or that
 * nobody sees. What is taken out leaves a replacement character, so that a trick can be seen.
 */
export function shown(text) {
  const points = [...text.replace(/\s+/gu, " ").trim()];
  const cut = points.length > MAX_SHOWN ? [...points.slice(0, MAX_SHOWN), "…"] : points;
  return cut.map((point) => (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u.test(point) && !isJoiner(point) ? "\uFFFD" : point)).join("");
}

/** Joins letters in Persian and Indic scripts, and parts of one picture character. */
function isJoiner(point) {
  return point === "\u200C" || point === "\u200D";
}

/** Unix seconds (BigInt) as milliseconds; null beyond what a calendar has: a poll may say that it never closes. */
export function milliseconds(seconds) {
  return seconds > 8_640_000_000_000n ? null : Number(seconds) * 1000;
}
