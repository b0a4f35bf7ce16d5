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
const key = (form) => "draft " + location.pathname + " " + (form.getAttribute("action") || "");
for (const form of document.querySelectorAll("form[data-draft]")) {
  const kept = sessionStorage.getItem(key(form));
  if (kept && new URLSearchParams(location.search).has("restored")) {
    for (const [name, value] of JSON.parse(kept)) {
      for (const field of form.elements) {
        if (field.name !== name) continue;
        if (field.type === "checkbox" || field.type === "radio") { if (field.value === value) field.checked = true; }
        else field.value = value;
      }
    }
  }
  sessionStorage.removeItem(key(form));
  form.addEventListener("submit", () => {
    const typed = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token");
    const secret = new Set([...form.querySelectorAll("input[type=password]")].map((field) => field.name));
    sessionStorage.setItem(key(form), JSON.stringify(typed.filter(([name]) => !secret.has(name))));
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
  if (event.target.matches?.("details.act[open]")) for (const other of document.querySelectorAll("details.act[open]")) if (other !== event.target) other.open = false;
}, true);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const open of document.querySelectorAll("details.act[open]")) open.open = false; });
