"use strict";
// Finds what has a name: every element with an id that does not begin with a hyphen.
const input = document.getElementById("-search");
const found = document.getElementById("-found");
const all = document.getElementById("-all");
const MOST = 60;
let names = null;
let selected = 0;

function index() {
  names ??= Array.from(document.querySelectorAll("main [id]"), element => {
    const name = element.id.replace(/^package-/, "");
    const kind = element.className.replace("item ", "").replace("-", " ");
    return { id: element.id, name, kind, lower: name.toLowerCase(), depth: name.split(".").length };
  });
  return names;
}

// The lower, the better: what begins with the words comes before what only contains them.
function rank(entry, words) {
  let rank = entry.depth;
  for (const word of words) {
    const at = entry.lower.lastIndexOf(word);
    if (at < 0) return Infinity;
    const begins = at === 0 || entry.lower[at - 1] === ".";
    const isLast = !entry.lower.includes(".", at + word.length);
    rank += (begins ? 0 : 20) + (isLast ? 0 : 40) + (entry.lower.length - word.length) / 100;
  }
  return rank;
}

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(word => word);
  found.hidden = words.length === 0;
  all.hidden = words.length > 0;
  found.replaceChildren();
  if (words.length === 0) return;
  const ranked = [];
  for (const entry of index()) {
    const value = rank(entry, words);
    if (value < Infinity) ranked.push([value, entry]);
  }
  ranked.sort(([one], [other]) => one - other);
  for (const [, entry] of ranked.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = "#" + entry.id;
    link.textContent = entry.name.split(".").pop();
    const where = document.createElement("small");
    where.textContent = entry.kind + " " + entry.name;
    item.append(link, where);
    found.append(item);
  }
  const rest = ranked.length - MOST;
  if (rest > 0 || ranked.length === 0) {
    const item = document.createElement("small");
    item.textContent = rest > 0 ? "and " + rest + " more" : "nothing has this name";
    found.append(item);
  }
  select(0);
}

function select(index) {
  const items = found.querySelectorAll("li");
  selected = Math.max(0, Math.min(index, items.length - 1));
  items.forEach((item, at) => item.setAttribute("aria-selected", at === selected));
  items[selected]?.scrollIntoView({ block: "nearest" });
}

input.addEventListener("input", search);
input.addEventListener("keydown", event => {
  if (event.key === "ArrowDown") select(selected + 1);
  else if (event.key === "ArrowUp") select(selected - 1);
  else if (event.key === "Enter") found.querySelectorAll("a")[selected]?.click();
  else if (event.key === "Escape") { input.value = ""; search(); input.blur(); }
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
    input.select();
  }
});
// Of a large schema only the package is shown that the address leads into.
const many = document.querySelector("main.many");
function show() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const wanted = target?.closest(".package") ?? many.querySelector(".package");
  many.querySelector(".package.shown")?.classList.remove("shown");
  wanted?.classList.add("shown");
  (target ?? wanted)?.scrollIntoView();
}
if (many) {
  addEventListener("hashchange", show);
  show();
}
// With few packages all are open.
const packages = all.querySelectorAll("details");
if (packages.length <= 8) packages.forEach(details => { details.open = true; });
