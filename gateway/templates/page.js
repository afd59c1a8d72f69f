"use strict";
// The page works without this script; it saves reloads.

const element = (id) => document.getElementById(id);

// Replaces the content of an element by HTML of the gateway. Only the latest of overlapping requests counts.
const latest = new Map();
async function update(target, url, options) {
  const turn = (latest.get(target) ?? 0) + 1;
  latest.set(target, turn);
  const response = await fetch(url, options);
  if (response.status === 204 || latest.get(target) !== turn) return false;
  const html = await response.text();
  if (latest.get(target) !== turn) return false;
  target.innerHTML = html;
  return true;
}

function debounced(delay, action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };
}

const query = element("query");
if (query) {
  query.addEventListener("input", debounced(80, async () => {
    const url = query.value.trim() ? "/?q=" + encodeURIComponent(query.value) : "/";
    await update(element("results"), url + (url === "/" ? "?" : "&") + "fragment=1");
    history.replaceState(null, "", url);
  }));
}

const call = element("call");
if (call) {
  const form = () => ({ method: "POST", body: new URLSearchParams(new FormData(call)) });
  call.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = call.querySelector("button");
    button.disabled = true;
    try {
      await update(element("result"), "/_call?fragment=1", form());
    } finally {
      button.disabled = false;
    }
  });
  call.addEventListener("input", debounced(300, async () => {
    const samples = element("samples");
    const selected = samples.querySelector("input:checked")?.id;
    if ((await update(samples, "/_samples", form())) && selected) element(selected).checked = true;
  }));
}

const calls = element("calls");
if (calls) {
  setInterval(async () => {
    if (document.hidden) return;
    const number = calls.firstElementChild.dataset.latest;
    const open = [...calls.querySelectorAll("details[open]")].map((details) => details.dataset.number);
    try {
      if (!(await update(calls, "/_calls?fragment=1&after=" + number))) return;
    } catch {
      return; // The gateway has stopped.
    }
    for (const details of calls.querySelectorAll("details")) details.open = open.includes(details.dataset.number);
  }, 1000);
}
