// An example of a dApp's page: it asks its server for a request, shows it, and looks how it stands until it is over.

import { qrCode } from "./js/qr.js";
import { linkButton } from "./js/view.js";

const LOOK_MS = 1_000;
const byId = (id) => document.getElementById(id);

let current = null; // the request that is shown

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask(byId("recipient").value).catch((error) => complain(error.message));
});

async function ask(recipient) {
  complain("");
  const made = await call("requests", { method: "POST", body: JSON.stringify({ version: 1, recipient }), headers: { "Content-Type": "application/json" } });
  current = made.id;
  byId("link").textContent = made.link;
  byId("code").replaceChildren(qrCode(made.link, "QR code of the request"));
  byId("open").replaceChildren(linkButton("Open in the app", made.link));
  byId("request").hidden = false;
  show(made);
  watch(made.id);
}

async function watch(id) {
  while (current === id) {
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
    try {
      const found = await call(`requests/${id}`);
      if (current !== id) return;
      complain("");
      show(found);
      if (["accepted", "refused", "expired"].includes(found.state)) return;
    } catch (error) {
      complain(error.message);
    }
  }
}

function show(found) {
  const amount = `${Number(found.amount_wei) / 1e18} ether`;
  const sentences = {
    waiting: () => `Waiting for the answer, until ${new Date(found.expires).toLocaleTimeString([], { timeStyle: "long" })}. ${found.reason}`,
    submitting: () => "The proof holds. It is being submitted to the chain…",
    accepted: () => `Accepted: ${amount} paid to ${found.recipient}, in transaction ${found.transaction}. The person's number in this action, and in no other: ${found.nullifier}`,
    refused: () => `Refused: ${found.reason}`,
    expired: () => "Expired. Ask again.",
  };
  byId("status").textContent = sentences[found.state]();
  byId("status").dataset.state = found.state;
  byId("request").hidden = found.state !== "waiting";
}

function complain(text) {
  byId("trouble").textContent = text;
  byId("trouble").hidden = text === "";
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Error("The dApp's server does not answer. Trying again by itself.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.error}${answer.hint ? ` (${answer.hint})` : ""}`);
  return answer;
}
