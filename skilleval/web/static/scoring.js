// Scoring: keyboard, running total, and drafts that save themselves. Without it the page's own buttons do the same.
"use strict";

const form = document.querySelector("form[data-scoring]");
const cells = [...form.querySelectorAll("[data-cell]")].filter((cell) => !cell.disabled);
const absent = form.querySelector("[data-absent]");
const vetoes = [...form.querySelectorAll("[data-veto]")];
const told = form.querySelector("[data-status]");
const words = form.dataset;

// — the range: what is out of it never stays in a cell —
// 84.5 typed without its point must not become 84: a digit too many empties the cell, and nothing goes on until it is typed anew.
let refused = null;
const hundredths = (text) => {
  const [whole, part = ""] = text.split(".");
  return Number(whole || "0") * 100 + Number((part + "00").slice(0, 2));
};
const valueOf = (cell) => (cell.value === "" ? null : "times" in cell.dataset ? Number(cell.value) : hundredths(cell.value));
const show = (points) => (points / 100).toFixed(2).replace(/\.?0+$/, "");
for (const cell of cells) {
  let kept = cell.value;
  const form_of = "times" in cell.dataset ? /^\d*$/ : /^\d*(\.\d{0,2})?$/;
  cell.addEventListener("input", () => {
    cell.value = cell.value.replace(/[０-９．。]/g, (sign) => (sign === "．" || sign === "。" ? "." : String.fromCharCode(sign.charCodeAt(0) - 0xfee0))).trim();
    const highest = Number(cell.dataset.highest);
    if (!form_of.test(cell.value) || (cell.value !== "" && valueOf(cell) > highest)) {
      const typed = cell.value;
      const digits = /^[\d.]*\d$/.test(typed);
      cell.value = digits ? "" : kept;
      if (digits) { kept = ""; refused = cell; changed(); }
      tell(`${typed}　${words.over} ${"times" in cell.dataset ? highest : show(highest)}　${words.again}`, "bad");
      return;
    }
    kept = cell.value;
    if (refused === cell) refused = null;
    if (cell.value !== "" && absent) absent.checked = false;
    changed();
  });
}
if (absent) absent.addEventListener("change", () => {
  if (absent.checked) { for (const cell of cells) cell.value = ""; for (const veto of vetoes) veto.checked = false; }
  changed();
});
for (const veto of vetoes) veto.addEventListener("change", () => { if (veto.checked && absent) absent.checked = false; changed(); });

// — the running total, by the rules of the sheet: caps of criteria and groups, never below nothing, a veto is nothing —
function total() {
  if (absent?.checked) return null;
  if (vetoes.some((veto) => veto.checked)) return 0;
  const groups = [...form.querySelectorAll("[data-group]")];
  if (!groups.length) return cells.length ? valueOf(cells[0]) : null;
  let sum = 0, filled = 0;
  for (const group of groups) {
    let points = 0, lost = 0;
    for (const row of group.querySelectorAll("[data-criterion]")) {
      const value = valueOf(row.querySelector("[data-cell]"));
      if (value === null) continue;
      filled += 1;
      if (row.dataset.criterion === "add") { points += value; continue; }
      const off = Math.min(value * Number(row.dataset.each), Number(row.dataset.cap));
      points += Number(row.dataset.maximum) - off;
      lost += off;
    }
    if ("cap" in group.dataset && lost > Number(group.dataset.cap)) points += lost - Number(group.dataset.cap);
    sum += Math.min(points, Number(group.dataset.maximum));
  }
  return filled ? Math.max(0, sum) : null;
}
const paint = () => { const points = total(); form.querySelector("[data-total]").textContent = points === null ? "—" : show(points); };

// — drafts: one saving at a time, the newest content wins —
let timer = null, running = null, dirty = false;
function tell(text, look) { told.textContent = text; told.className = `saving ${look}`; }
function changed() {
  dirty = true;
  paint();
  window.clearTimeout(timer);
  timer = window.setTimeout(save, 700);
}
async function save() {
  window.clearTimeout(timer);
  if (running) await running;
  if (!dirty) return true;
  running = send();
  const saved = await running;
  running = null;
  return saved;
}
async function send() {
  dirty = false;
  tell(words.saving, "");
  const content = new FormData(form);
  // A number of which the point is typed and its places are not yet.
  for (const cell of cells) content.set(cell.name, cell.value.replace(/\.$/, ""));
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: content, redirect: "manual",
      headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
    });
    if (answer.type === "opaqueredirect" || answer.status === 400) { dirty = true; tell(words.ended, "bad"); return false; }
    const said = await answer.json();
    if (!answer.ok) { dirty = true; tell(`${words.unsaved}：${said.problems.join("；")}`, "bad"); return false; }
    form.elements.version.value = said.version;
    if (!dirty) form.querySelector("[data-total]").textContent = said.total;
    if (!refused) tell(`${words.saved} ${said.saved_at}${said.missing.length ? `　${words.left} ${said.missing.length}` : ""}`, said.missing.length ? "" : "good");
    const pill = document.querySelector("[data-own-state] .pill");
    if (pill) { pill.textContent = said.state; pill.className = "pill warn"; }
    return true;
  } catch {
    dirty = true;
    tell(words.offline, "bad");
    timer = window.setTimeout(save, 5000);
    return false;
  }
}
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  dirty = true;
  if ((await save()) && event.submitter?.value === "next" && words.next) window.location.assign(words.next);
});
// A step to another candidate waits for the saving.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.(".strip a, [data-go-back]");
  if (!link || (!dirty && !running)) return;
  event.preventDefault();
  if (await save()) window.location.assign(link.href);
});

// — the keyboard —
async function go(address) { if (address && (await save())) window.location.assign(address); }
for (const [place, cell] of cells.entries()) {
  cell.addEventListener("focus", () => cell.select());
  cell.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      if (refused === cell) tell(words.again, "bad");
      else if (place + 1 < cells.length) cells[place + 1].focus();
      else if (event.key === "Enter") go(words.next);
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      if (place) cells[place - 1].focus();
      else if (refused !== cell) go(words.back);
    }
  });
}
const search = document.querySelector("#strip-search");
const entries = [...document.querySelectorAll(".strip li")];
search.hidden = false;
search.addEventListener("input", () => { for (const one of entries) one.hidden = !one.dataset.words.includes(search.value.trim()); });
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { search.value = ""; search.dispatchEvent(new Event("input")); cells[0]?.focus(); }
  if (event.key === "Enter") { event.preventDefault(); go(entries.find((one) => !one.hidden)?.querySelector("a").href); }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target === search) return;
  if (event.key === "/") { event.preventDefault(); search.focus(); }
  if (event.key === "?" || event.key === "？") { event.preventDefault(); const help = document.querySelector("[data-help]"); help.open = !help.open; }
});
const current = document.querySelector(".strip [aria-current]");
if (current) current.scrollIntoView({ block: "nearest" });
(cells.find((cell) => cell.value === "") || cells[0])?.focus();
