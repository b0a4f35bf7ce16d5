// A few lines for all pages: none of them is needed to do the work, all of them make it smoother.
"use strict";

// A choice that takes effect at once (filters, the institution).
for (const one of document.querySelectorAll("[data-submits]")) {
  one.addEventListener("change", () => one.form.requestSubmit());
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(() => { for (const button of form.querySelectorAll("button:not([name])")) button.disabled = true; }, 0);
  });
}
// Back in the history shows the page as it was left: its forms may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[disabled]:not(.greyed button)")) button.disabled = false;
  }
});

// What was typed into a form survives a session that ended meanwhile: it stays in this tab until the form was taken.
// Forms of one address are told apart by what they carry hidden. Passwords, document numbers and files are never kept.
const unkept = new Set(["hidden", "password", "file", "submit", "button"]);
const ticks = new Set(["checkbox", "radio"]);
const typedInto = (form) => [...form.elements].filter((field) => field.name && !unkept.has(field.type) && !("secret" in field.dataset));
const carried = (form) => [...form.elements].filter((field) => field.type === "hidden" && !["csrf_token", "sealed"].includes(field.name));
const key = (form) => ["draft", location.pathname, form.getAttribute("action") || "", ...carried(form).map((field) => `${field.name}=${field.value}`)].join(" ");
const written = (field) => field.type === "select-multiple" ? [...field.selectedOptions].map((one) => one.value) : field.value;
function putBack(form, kept) {
  for (const field of typedInto(form)) {
    const place = kept.findIndex(([name, value]) => name === field.name && (!ticks.has(field.type) || value === field.value));
    if (ticks.has(field.type)) { field.checked = place >= 0; continue; }
    // Of several fields of one name the first takes the first.
    if (place < 0) continue;
    const [[, value]] = kept.splice(place, 1);
    if (field.type === "select-multiple") for (const one of field.options) one.selected = value.includes(one.value);
    else field.value = value;
  }
  const act = form.closest("details");
  if (act) act.open = true;
  for (const told of document.querySelectorAll("[data-restored]")) told.hidden = false;
}
const restores = new URLSearchParams(location.search).has("restored");
for (const form of document.querySelectorAll("main form[method=post]:not([data-undrafted])")) {
  const kept = sessionStorage.getItem(key(form));
  if (kept && restores) putBack(form, JSON.parse(kept));
  sessionStorage.removeItem(key(form));
  form.addEventListener("submit", () => {
    const typed = typedInto(form).filter((field) => !ticks.has(field.type) || field.checked);
    if (typed.length) sessionStorage.setItem(key(form), JSON.stringify(typed.map((field) => [field.name, written(field)])));
  });
}
for (const form of document.querySelectorAll("form[data-forgets]")) form.addEventListener("submit", () => sessionStorage.clear());

// The first fault is where the eyes and the keyboard go.
const fault = document.querySelector("[data-focus]");
if (fault) fault.focus();

// Select the whole page of a list; shift selects a range.
for (const all of document.querySelectorAll("[data-all]")) {
  const boxes = [...all.closest("table").querySelectorAll("tbody td.pick input")];
  let last = null;
  const tell = () => all.dispatchEvent(new CustomEvent("picked", { bubbles: true, detail: boxes.filter((box) => box.checked).length }));
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; tell(); });
  boxes.forEach((box, place) => box.addEventListener("click", (event) => {
    if (event.shiftKey && last !== null) for (let n = Math.min(last, place); n <= Math.max(last, place); n++) boxes[n].checked = box.checked;
    last = place;
    tell();
  }));
}
document.addEventListener("picked", (event) => {
  for (const bar of document.querySelectorAll("[data-picked]")) { bar.hidden = event.detail === 0; bar.querySelector("[data-count]").textContent = event.detail; }
});

// Only one menu of acts is open, and Escape closes it.
document.addEventListener("toggle", (event) => {
  const act = event.target;
  if (!act.matches?.("details.act[open]")) return;
  for (const other of document.querySelectorAll("details.act[open]")) if (other !== act) other.open = false;
  // It opens to the side where there is room: a button that can't be seen can't be pressed.
  act.classList.remove("leftward", "rightward");
  const { left, right } = act.querySelector("form, .panel").getBoundingClientRect();
  if (left < 0) act.classList.add("rightward");
  else if (right > document.documentElement.clientWidth) act.classList.add("leftward");
}, true);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const open of document.querySelectorAll("details.act[open]")) open.open = false; });
