// irisproof:// links, in the one form that the app takes (app/requests.py), and the names that stand in them.

/** The link by which the app opens a poll. `polls` is checksummed, as `irisproof page` writes it. */
export function pollLink(chainId, polls, pollId) {
  return `irisproof://poll?v=1&chain=${chainId}&contract=${polls}&poll=${pollId}`;
}
