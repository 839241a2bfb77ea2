// The page's own modules, called over a pipe: one JSON request a line in, one answer a line out.

import { createInterface } from "node:readline";
import { decode, decodeLog, encodeCall } from "../../../poll_page/js/abi.js";
import { pollLink } from "../../../poll_page/js/link.js";
import { countRunoff } from "../../../poll_page/js/runoff.js";
import { milliseconds, shown } from "../../../poll_page/js/text.js";
import { Words } from "../../../poll_page/js/words.js";

const verbs = {
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
    answer = { value: verbs[verb](given) };
  } catch (error) {
    answer = { error: `${error.constructor.name}: ${error.message}` };
  }
  console.log(JSON.stringify(answer, plain));
}
