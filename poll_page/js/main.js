// The page: read, show, wait, again. What goes wrong is said, and stays on the page until it is over.

import { PollsReader } from "./polls.js";
import { ask, Trouble } from "./rpc.js";
import { milliseconds, shown } from "./text.js";
import { PollCard } from "./view.js";
import { Words } from "./words.js";

const CONFIG_VERSION = 1;
const STEP = 20; // polls that are shown at first, and that a press adds

const byId = (id) => document.getElementById(id);

class Page {
  constructor(config, catalogue) {
    this.config = config;
    this.catalogue = catalogue;
    this.limit = STEP;
    this.cards = new Map();
    this.found = null;
    this.trouble = null;
    this.reader = new PollsReader(
      config,
      (method, parameters) => ask(config.rpc_url, method, parameters),
      (block, head) => this.status("reading", { block: this.words.number(block), head: this.words.number(head) }),
    );
    const chosen = new URLSearchParams(location.search).get("lang");
    this.speak([...(chosen ? [chosen] : []), ...navigator.languages]);
    byId("language").addEventListener("change", (event) => this.choose(event.target.value));
    byId("older").addEventListener("click", () => this.showOlder());
  }

  /** A language that a person chose stands in the address, and nowhere else. */
  choose(language) {
    const address = new URL(location.href);
    address.searchParams.set("lang", language);
    history.replaceState(null, "", address);
    this.speak([language]);
    this.show();
  }

  speak(languages) {
    const words = (this.words = new Words(this.catalogue, languages));
    document.documentElement.lang = words.language;
    document.documentElement.dir = words.direction;
    document.title = words.say("title");
    for (const element of document.querySelectorAll("[data-words]")) element.textContent = words.say(element.dataset.words);
    byId("language").replaceChildren(
      ...Object.entries(this.catalogue).map(([tag, { name }]) => new Option(name, tag, tag === words.language, tag === words.language)),
    );
    byId("place").textContent = `chain ${this.config.chain_id}, polls ${this.config.polls}, ${new URL(this.config.rpc_url).host}`;
    byId("status").textContent = words.say("loading");
    this.cards.clear();
    byId("polls").replaceChildren();
  }

  status(key, values) {
    const text = this.words.say(key, values);
    if (byId("status").textContent !== text) byId("status").textContent = text;
  }

  async run() {
    for (;;) {
      await this.refresh();
      await new Promise((wake) => {
        this.wake = wake;
        setTimeout(wake, 1000 * this.config.refresh_s);
      });
    }
  }

  async refresh() {
    try {
      this.found = await this.reader.refresh(this.limit);
      this.trouble = null;
    } catch (error) {
      this.trouble = error instanceof Trouble ? error : new Trouble("broken", { detail: error.message });
    }
    this.show();
  }

  showOlder() {
    this.limit += STEP;
    this.wake?.();
  }

  show() {
    const { words, trouble, found } = this;
    const values = Object.fromEntries(Object.entries(trouble?.values ?? {}).map(([name, value]) => [name, shown(String(value))]));
    byId("trouble").hidden = trouble === null;
    const alarm = trouble === null ? "" : words.say(trouble.key, values);
    if (byId("trouble").textContent !== alarm) byId("trouble").textContent = alarm;
    if (found === null) {
      if (trouble !== null) this.status("nothing");
      return;
    }
    const ms = milliseconds(found.head.time);
    const when = { block: words.number(found.head.number), time: ms === null ? words.say("never") : words.time(ms) };
    this.status(trouble === null ? "asOf" : "stale", when);
    this.showPolls(found);
  }

  showPolls({ polls, count }) {
    const words = this.words;
    const shownIds = new Set(polls.map((view) => view.id));
    for (const [id, card] of this.cards) {
      if (shownIds.has(id) && card.view.question === polls.find((view) => view.id === id).question) continue;
      card.element.remove(); // the chain went another way
      this.cards.delete(id);
    }
    let before = null;
    for (const view of polls) {
      const card = this.cards.get(view.id);
      if (card) card.update(view);
      else {
        const made = new PollCard(view, this.config, words);
        this.cards.set(view.id, made);
        if (before === null) byId("polls").prepend(made.element);
        else before.after(made.element);
      }
      before = this.cards.get(view.id).element;
    }
    byId("count").textContent =
      count === 0 ? words.say("noPolls") : words.say("count", { shown: words.number(polls.length), count: words.number(count) });
    byId("older").hidden = polls.length >= count;
  }
}

async function load(path) {
  const response = await fetch(path, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.json();
}

async function begin() {
  let page;
  try {
    const [config, catalogue] = await Promise.all([load("config.json"), load("words.json")]);
    if (config.version !== CONFIG_VERSION) throw new Error(`config.json is of version ${config.version}`);
    page = new Page(config, catalogue);
  } catch {
    byId("trouble").textContent = "This page's config.json or words.json cannot be read. Make the page again with: irisproof page";
    byId("trouble").hidden = false;
    byId("status").hidden = true;
    return;
  }
  await page.run();
}

await begin();
