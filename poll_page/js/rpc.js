// A node, asked over JSON-RPC. No cookies, no referrer, no redirects.

const TIMEOUT_MS = 20_000;

/** What is wrong, as a key of words.json and the values in its sentence. */
export class Trouble extends Error {
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** The node understood and said no. */
export class Refusal extends Trouble {
  constructor(detail) {
    super("refused", { detail });
  }
}

/** Ask one thing. Throws `Trouble("gone")` where nobody answers, `Refusal` where the node says no. */
export async function ask(url, method, parameters) {
  let answer;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: parameters }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json();
  } catch {
    throw new Trouble("gone"); // no connection, no permission (CORS), no JSON, too slow: a browser does not tell which
  }
  if (answer?.error) throw new Refusal(String(answer.error.message ?? "").slice(0, 200));
  if (answer === null || typeof answer !== "object" || !("result" in answer)) throw new Trouble("gone");
  return answer.result;
}
