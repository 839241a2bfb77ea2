// Instant-runoff counting. The rule is written in registry_contract/runoff.py, and the tests hold this against it:
//
// 1. Each voter counts for the best-ranked option that is still in; one whose options are all out counts for nobody.
// 2. An option with more than half of the voters who still count wins.
// 3. Else the option with the fewest goes out, and 1. is done again.
// 4. Ties for the fewest go by the round before, then the one before that, then the highest number goes out.
// 5. Where one option is left in, it wins, whatever its count.

/**
 * Count each voter's options, best first. Returns `{rounds: [{counts, out}], winner}`; a count is null for an option that
 * is out, `out` and `winner` are null where there is none. Throws `RangeError` for a ranking that is none.
 */
export function countRunoff(rankings, options) {
  if (options < 2) throw new RangeError(`a poll with ${options} options has nothing to count`);
  for (const ranking of rankings) requireRanking(ranking, options);
  if (rankings.length === 0) return { rounds: [], winner: null };
  const standing = new Set(Array.from({ length: options }, (_, option) => option));
  const rounds = [];
  for (;;) {
    const counts = count(rankings, standing, options);
    const winner = winnerOf(counts, standing);
    if (winner !== null) return { rounds: [...rounds, { counts, out: null }], winner };
    const out = weakest(standing, [...rounds.map((round) => round.counts), counts]);
    rounds.push({ counts, out });
    standing.delete(out);
  }
}

function requireRanking(ranking, options) {
  const isKnown = (option) => Number.isInteger(option) && option >= 0 && option < options;
  if (ranking.length === 0 || new Set(ranking).size !== ranking.length || !ranking.every(isKnown)) {
    throw new RangeError("a ranking is empty, has an option twice, or one that the poll does not have");
  }
}

function count(rankings, standing, options) {
  const counts = Array.from({ length: options }, (_, option) => (standing.has(option) ? 0 : null));
  for (const ranking of rankings) {
    const best = ranking.find((option) => standing.has(option));
    if (best !== undefined) counts[best] += 1;
  }
  return counts;
}

function winnerOf(counts, standing) {
  const total = counts.reduce((sum, votes) => sum + (votes ?? 0), 0);
  for (const option of standing) {
    if (2 * counts[option] > total || standing.size === 1) return option;
  }
  return null;
}

/** Fewest now, then fewest in the rounds before, latest first, then the highest number. */
function weakest(standing, history) {
  const isWeaker = (one, other) => {
    for (const counts of [...history].reverse()) {
      const difference = (counts[one] ?? 0) - (counts[other] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return one > other;
  };
  return [...standing].reduce((found, option) => (isWeaker(option, found) ? option : found));
}
