// Records: drafts that save themselves, and what they come to so far, which the server says. Without it the buttons do the same.
"use strict";

const form = document.querySelector("form[data-records]");
const told = form.querySelector("[data-status]");
const words = form.dataset;
let timer = null, dirty = false, sending = false;

function tell(text, look) { told.textContent = text; told.className = `saving ${look}`; }
for (const cell of form.querySelectorAll("input, select")) {
  cell.addEventListener("input", () => {
    const absent = form.elements.absent;
    if (cell !== absent && cell.value !== "") absent.checked = false;
    dirty = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(save, 900);
  });
}
function paint(said) {
  form.elements.version.value = said.version;
  form.querySelector("[data-total]").textContent = said.total;
  const weight = form.querySelector("[data-weight]");
  if (weight) weight.textContent = said.weight || "—";
  const missing = form.querySelector("[data-missing]");
  if (missing) {
    missing.hidden = !said.missing.length;
    missing.querySelector("ul").replaceChildren(...said.missing.map((one) => { const item = document.createElement("li"); item.textContent = one; return item; }));
  }
  const pill = document.querySelector("[data-own-state] .pill");
  if (pill) { pill.textContent = said.state; pill.className = "pill warn"; }
  tell(`${words.saved} ${said.saved_at}${said.missing.length ? `　${words.left} ${said.missing.length}` : ""}`, said.missing.length ? "" : "good");
}
async function save() {
  if (sending || !dirty) return;
  dirty = false;
  sending = true;
  tell(words.saving, "");
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new FormData(form), redirect: "manual",
      headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
    });
    if (answer.type === "opaqueredirect" || answer.status === 400) { dirty = true; tell(words.ended, "bad"); return; }
    const said = await answer.json();
    if (answer.ok) paint(said);
    else { dirty = true; tell(`${words.unsaved}：${said.problems.join("；").replace(/^没有保存：/, "")}`, "bad"); }
  } catch {
    dirty = true;
    tell(words.offline, "bad");
    timer = window.setTimeout(save, 5000);
  } finally { sending = false; }
}
let leaving = false;
form.addEventListener("submit", (event) => {
  // The version that a saving under way brings back must go along.
  if (sending) { event.preventDefault(); return; }
  leaving = true;
  window.clearTimeout(timer);
});
window.addEventListener("beforeunload", (event) => { if (dirty && !leaving) event.preventDefault(); });
