// The progress of a job, looked at every second and a half. Without this the link on the page does the same.
"use strict";

(() => {
  // A page that was forgotten open stops asking, so that its session ends in its time.
  const until = Date.now() + 20 * 60 * 1000;
  const look = async () => {
    const shown = document.getElementById("job");
    // An open question is not taken away from under somebody's hand.
    if (document.hidden || shown.querySelector("details[open]")) return again();
    let page;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected || answer.status === 404) { location.reload(); return; }
      // Busy with the writing of a very large file, for one.
      if (!answer.ok) return again();
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return again(); }
    const found = page.getElementById("job");
    if (!found || !("underWay" in found.dataset)) { location.reload(); return; }
    const replace = (name) => shown.querySelector(name).replaceWith(document.adoptNode(found.querySelector(name)));
    if (!shown.querySelector("section.job").contains(document.activeElement)) for (const name of ["section.job", ".pill", ".facts"]) replace(name);
    // The head changes when cancelling does not help any more; else its form stays, with its guard against a second click.
    if (found.querySelector(".head .greyed")) replace(".head");
    again();
  };
  const again = () => { if (Date.now() < until) window.setTimeout(look, 1500); };
  again();
})();
