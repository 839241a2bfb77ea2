// Polls as elements. Texts of the chain go through `shown` and textContent, never through a parser.

import { pollLink } from "./link.js";
import { qrCode } from "./qr.js";
import { milliseconds, shown } from "./text.js";

/** An element with a class, and children or a text. */
export function make(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A text that somebody else chose: it decides its own direction, and nobody else's. */
function given(text) {
  const made = make("bdi", "given", shown(text));
  made.dir = "auto";
  return made;
}

/** One poll's card. `update` changes what changes and leaves alone what a person has opened or focused. */
export class PollCard {
  constructor(view, config, words) {
    this.words = words;
    const number = words.say("poll", { number: words.number(view.id) });
    this.element = make("article", "poll", make("p", "number", number));
    this.element.id = `poll-${view.id}`;
    const heading = make("h2", "", given(view.question));
    heading.id = `question-${view.id}`;
    this.element.setAttribute("aria-labelledby", heading.id);
    this.facts = make("dl", "");
    this.result = make("div", "result");
    this.vote = this.#voting(view, config);
    this.element.append(heading, this.facts, this.result, this.vote);
    this.update(view);
  }

  update(view) {
    if (view === this.view) return;
    this.view = view;
    this.facts.replaceChildren(...this.#facts(view));
    this.result.replaceChildren(...(view.kind === "ranked" ? this.#runoff(view) : this.#tally(view)));
    this.vote.hidden = view.state !== "open";
  }

  #facts(view) {
    const { words } = this;
    const entry = (key, value, className = "") => make("div", "", make("dt", "", words.say(key)), make("dd", className, value));
    return [
      entry("state", words.say(view.recorded ? "recorded" : view.state), "state"),
      entry("kind", words.say(view.kind)),
      entry("opens", this.#time(view.opensAt)),
      entry("closes", this.#time(view.closesAt)),
      entry("members", words.number(view.members)),
      entry("voters", words.number(view.voters)),
      entry("quorum", this.#quorum(view)),
    ];
  }

  #time(seconds) {
    const ms = milliseconds(seconds);
    if (ms === null) return this.words.say("never");
    const made = make("time", "", this.words.time(ms));
    made.dateTime = new Date(ms).toISOString();
    return made;
  }

  #quorum({ quorum, voters, state }) {
    if (quorum === 0n) return this.words.say("noQuorum");
    const key = voters >= quorum ? "quorumMet" : state === "closed" ? "quorumMissing" : "quorumSoFar";
    return this.words.say(key, { quorum: this.words.number(quorum) });
  }

  #caption(view) {
    return make("caption", "", this.words.say(view.state === "closed" ? "resultFinal" : "resultSoFar"));
  }

  #tally(view) {
    const { words } = this;
    const most = view.tally.reduce((found, votes) => (votes > found ? votes : found), 0n);
    const rows = view.options.map((option, number) => {
      const votes = view.tally[number];
      const bar = make("div", "bar");
      bar.style.inlineSize = view.voters === 0n ? "0" : `${Number((1000n * votes) / view.voters) / 10}%`;
      const count = make("span", "count", words.number(votes));
      const cell = make("td", "", count, ...(votes === most && most > 0n ? [" ", make("span", "mark", words.say("most"))] : []), bar);
      return make("tr", "", rowHead(given(option)), cell);
    });
    const head = make("tr", "", columnHead(words.say("option")), columnHead(words.say("votes")));
    return [make("div", "table", make("table", "", this.#caption(view), make("thead", "", head), make("tbody", "", ...rows)))];
  }

  #runoff(view) {
    const { words } = this;
    const { rounds, winner } = view.runoff;
    const marks = (option) => (option !== winner ? [] : [" ", make("span", "mark", words.say(view.state === "closed" ? "wins" : "wouldWin"))]);
    const cell = (round, option) => {
      const votes = round.counts[option];
      if (votes === null) return make("td", "muted", "–");
      return make("td", "", make("span", "count", words.number(votes)), ...(round.out === option ? [" ", make("span", "muted", words.say("out"))] : []));
    };
    const rows = view.options.map((option, number) =>
      make("tr", "", rowHead(given(option), ...marks(number)), ...rounds.map((round) => cell(round, number))),
    );
    const names = rounds.map((_, index) => columnHead(words.say("round", { number: words.number(index + 1) })));
    const head = make("tr", "", columnHead(words.say("option")), ...names);
    const table = make("table", "", this.#caption(view), make("thead", "", head), make("tbody", "", ...rows));
    return [make("div", "table", table), make("p", "muted", words.say(rounds.length === 0 ? "nobody" : "runoff"))];
  }

  #voting(view, config) {
    const { words } = this;
    const link = pollLink(config.chain_id, config.polls, view.id);
    const command = make("code", "", `irisproof vote ${view.id} …`);
    command.dir = "ltr";
    const [before, after] = words.say("voteHelp", { command: "\0" }).split("\0");
    const buttons = make("div", "row", linkButton(words.say("link"), link), copyButton(words, link));
    const help = make("div", "help", make("p", "", before, command, after), make("p", "", words.say("voteWho")), buttons);
    const body = make("div", "voting", help);
    const made = make("details", "", make("summary", "", words.say("vote")), body);
    made.addEventListener("toggle", () => {
      if (!body.querySelector(".qr")) body.prepend(qrCode(link, words.say("qr", { number: view.id })));
    });
    return made;
  }
}

function rowHead(...children) {
  const made = make("th", "", ...children);
  made.scope = "row";
  return made;
}

function columnHead(text) {
  const made = make("th", "", text);
  made.scope = "col";
  return made;
}

/** A link to the app, drawn as a button. */
export function linkButton(text, link) {
  const made = make("a", "button", text);
  made.href = link;
  return made;
}

function copyButton(words, link) {
  const made = make("button", "", words.say("copy"));
  made.type = "button";
  const said = make("span", "muted");
  said.setAttribute("role", "status");
  made.addEventListener("click", () =>
    navigator.clipboard.writeText(link).then(
      () => (said.textContent = words.say("copied")),
      () => (said.textContent = words.say("notCopied")),
    ),
  );
  return make("span", "", made, " ", said);
}
