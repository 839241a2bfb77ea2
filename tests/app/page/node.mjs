// The page's own modules, called over a pipe: one JSON request a line in, one answer a line out.

import { createInterface } from "node:readline";
import { decode, decodeLog, encodeCall } from "../../../poll_page/js/abi.js";
import { pollLink } from "../../../poll_page/js/link.js";
import { countRunoff } from "../../../poll_page/js/runoff.js";
import { PollsReader } from "../../../poll_page/js/polls.js";
import { ask, Refusal, Trouble } from "../../../poll_page/js/rpc.js";
import { milliseconds, shown } from "../../../poll_page/js/text.js";
import { Words } from "../../../poll_page/js/words.js";

// A real node, of which is taken away what `limits` say: blocks that it looks through at once, entries of its log.
const limited = (url, { mostBlocks = Infinity, hides = null }) => async (method, parameters) => {
  if (method !== "eth_getLogs") return ask(url, method, parameters);
  const [{ fromBlock, toBlock }] = parameters;
  if (Number(toBlock) - Number(fromBlock) + 1 > mostBlocks) throw new Refusal("too many blocks");
  return (await ask(url, method, parameters)).filter((log) => log.topics[0] !== hides);
};

const read = async ({ config, limit, ...limits }) => {
  const told = [];
  const reader = new PollsReader(config, limited(config.rpc_url, limits), (block) => told.push(block));
  try {
    return { ...(await reader.refresh(limit)), told };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { trouble: error.key, ...error.values };
  }
};

const verbs = {
  read,
  decode: ({ parameters, data }) => decode(parameters, data),
  decodeLog: ({ parameters, log }) => decodeLog(parameters, log),
  encodeCall: ({ selector, numbers }) => encodeCall(selector, ...numbers),
  runoff: ({ rankings, options }) => countRunoff(rankings, options),
  pollLink: ({ chain, polls, poll }) => pollLink(chain, polls, poll),
  shown: ({ text }) => shown(text),
  milliseconds: ({ seconds }) => milliseconds(BigInt(seconds)),
  say: ({ catalogue, asked, key, values }) => {
    const words = new Words(catalogue, asked);
    return [words.language, words.direction, words.say(key, values)];
  },
};

const plain = (_, value) => {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? "0x" + Buffer.from(value).toString("hex") : value;
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { value: await verbs[verb](given) };
  } catch (error) {
    answer = { error: `${error.constructor.name}: ${error.message}` };
  }
  console.log(JSON.stringify(answer, plain));
}
