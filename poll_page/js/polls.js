// The polls as the chain has them: texts, times and rankings from the log, counts from the contract, each refresh as of
// one block. What log and contract both say is compared, as the app does.

import { AbiError, decode, decodeLog, encodeCall, encodeNumber } from "./abi.js";
import { countRunoff } from "./runoff.js";
import { Refusal, Trouble } from "./rpc.js";

export const KINDS = ["single", "approval", "ranked"]; // as the contract numbers them
const LOG_RANGE_BLOCKS = 10_000; // public nodes refuse much more
const SHARED = ["snapshotRoot", "scope"];
const SHARED_WITH_DRAFT = ["opensAt", "closesAt", "kind", "quorum"];

/** Reads one deployment's polls. `ask(method, parameters)` talks to the node; `tell(block, head)` hears of long reading. */
export class PollsReader {
  constructor(config, ask, tell = () => {}) {
    this.config = config;
    this.ask = ask;
    this.tell = tell;
    this.forget();
  }

  /** Begin again from the log's beginning. */
  forget() {
    this.head = null;
    this.made = []; // PollCreated, in order: poll n stands at n - 1
    this.removed = []; // leaves that left a group: {group, at}
    this.finalized = new Set();
    this.rankings = new Map(); // poll id -> {next block, last ranking by nullifier}
    this.views = new Map();
    this.limit = 0;
  }

  /**
   * The newest `limit` polls as of the newest block: `{head, count, polls}`, newest first. Throws `Trouble`; what was read
   * before stays, and the next call goes on from there.
   */
  async refresh(limit) {
    const found = BigInt(await this.ask("eth_chainId", []));
    if (found !== BigInt(this.config.chain_id)) throw new Trouble("wrongChain", { found, expected: this.config.chain_id });
    const head = headOf(await this.ask("eth_getBlockByNumber", ["latest", false]));
    if (this.head?.hash !== head.hash || this.limit !== limit) await this.#read(head, limit);
    return { head: this.head, count: this.made.length, polls: this.#newest(limit).map((poll) => this.views.get(poll.pollId)) };
  }

  async #read(head, limit) {
    if (this.head !== null && !(await this.#stillHas(this.head))) this.forget(); // the chain went another way
    if (this.head === null) await this.#requireContract();
    try {
      await this.#readLog(this.head === null ? this.config.block : this.head.number + 1, head.number);
      this.head = head;
      const count = (await this.#call(head, "pollCount")).values()[0];
      if (count !== BigInt(this.made.length)) throw differs(`log ${this.made.length}, contract ${count}`);
      await Promise.all(this.#newest(limit).map((poll) => this.#view(poll, head)));
    } catch (error) {
      this.limit = 0; // read again, though the block may be the same
      if (error instanceof AbiError) throw differs(error.message);
      throw error;
    }
    this.limit = limit;
  }

  async #stillHas({ number, hash }) {
    const block = await this.ask("eth_getBlockByNumber", [quantity(number), false]);
    return block !== null && block.hash === hash;
  }

  async #requireContract() {
    const code = await this.ask("eth_getCode", [this.config.polls, "latest"]);
    if (code === "0x") throw new Trouble("missing", { address: this.config.polls });
  }

  async #readLog(first, last) {
    const { PollCreated, PollFinalized, MemberRemoved } = this.config.events;
    const wanted = { address: [this.config.polls, this.config.registry], topics: [[PollCreated.topic, PollFinalized.topic, MemberRemoved.topic]] };
    const [made, removed, finalized] = [[...this.made], [...this.removed], new Set(this.finalized)];
    for await (const log of this.#logs(wanted, first, last)) {
      const at = [Number(log.blockNumber), Number(log.logIndex)];
      const values = decodeLog(Object.values(this.config.events).find((event) => event.topic === log.topics[0]).inputs, log);
      if (log.topics[0] === MemberRemoved.topic) removed.push({ group: values.groupId, at });
      else if (log.topics[0] === PollFinalized.topic) finalized.add(values.pollId);
      else {
        if (values.pollId !== BigInt(made.length + 1)) throw differs(`poll ${values.pollId} after poll ${made.length}`);
        made.push({ ...values, at, members: values.snapshotSize - BigInt(removed.filter((one) => one.group === values.groupId).length) });
      }
    }
    [this.made, this.removed, this.finalized] = [made, removed, finalized]; // all of it or, where the node went away, nothing
  }

  async *#logs(wanted, first, last) {
    let range = LOG_RANGE_BLOCKS;
    for (let from = first; from <= last; ) {
      const to = Math.min(from + range - 1, last);
      let logs;
      try {
        logs = await this.ask("eth_getLogs", [{ ...wanted, fromBlock: quantity(from), toBlock: quantity(to) }]);
      } catch (error) {
        if (!(error instanceof Refusal) || range === 1) throw error;
        range = Math.ceil(range / 4); // too many blocks or entries for this node
        continue;
      }
      yield* logs;
      from = to + 1;
      if (from <= last) this.tell(from, last);
    }
  }

  async #call(head, name, ...numbers) {
    const { selector, outputs } = this.config.functions[name];
    const data = encodeCall(selector, ...numbers);
    const answer = await this.ask("eth_call", [{ to: this.config.polls, data }, quantity(head.number)]);
    const values = decode(outputs.map((output, position) => ({ ...output, name: String(position) })), answer);
    return { values: () => Object.values(values) };
  }

  async #view(made, head) {
    const before = this.views.get(made.pollId);
    const recorded = this.finalized.has(made.pollId);
    if (before?.state === "closed" && before.recorded === recorded) return; // nothing of it can change any more
    const [now] = (await this.#call(head, "pollOf", made.pollId)).values();
    requireSame(made, now);
    const kind = KINDS[Number(now.kind)];
    const state = head.time < now.opensAt ? "upcoming" : head.time < now.closesAt ? "open" : "closed";
    const view = { id: made.pollId, kind, state, recorded, members: made.members, voters: now.voters, quorum: now.quorum };
    Object.assign(view, { question: made.draft.question, options: made.draft.options, opensAt: now.opensAt, closesAt: now.closesAt });
    if (kind === "ranked") view.runoff = countRunoff(await this.#rankings(made, now, head), made.draft.options.length);
    else [view.tally] = (await this.#call(head, "tally", made.pollId)).values();
    this.views.set(made.pollId, view);
  }

  /** The rankings that count, each voter's last one, checked against the contract's count of voters. */
  async #rankings(made, now, head) {
    const event = this.config.events.RankingCast;
    const known = this.rankings.get(made.pollId) ?? { next: made.at[0], last: new Map() };
    const wanted = { address: this.config.polls, topics: [event.topic, "0x" + encodeNumber(made.pollId)] };
    const last = new Map(known.last);
    for await (const log of this.#logs(wanted, known.next, head.number)) {
      const { nullifier, ranking } = decodeLog(event.inputs, log);
      last.set(nullifier, [...ranking]);
    }
    if (BigInt(last.size) !== now.voters) throw differs(`poll ${made.pollId}: ${last.size} voters in the log, ${now.voters} in the contract`);
    this.rankings.set(made.pollId, { next: head.number + 1, last });
    return [...last.values()];
  }

  #newest(limit) {
    return this.made.slice(-limit).reverse();
  }
}

function requireSame(made, now) {
  const isSame =
    SHARED.every((name) => made[name] === now[name]) &&
    SHARED_WITH_DRAFT.every((name) => made.draft[name] === now[name]) &&
    BigInt(made.draft.options.length) === now.optionCount;
  if (!isSame) throw differs(`poll ${made.pollId}`);
}

function headOf(block) {
  if (block === null) throw new Trouble("gone");
  return { number: Number(block.number), hash: block.hash, time: BigInt(block.timestamp) };
}

function differs(detail) {
  return new Trouble("differs", { detail });
}

function quantity(number) {
  return "0x" + number.toString(16);
}
