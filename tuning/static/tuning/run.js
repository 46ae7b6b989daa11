// A run's page while the run lives: what changes is fetched every few seconds.
"use strict";

const live = document.getElementById("run-live");
const away = document.getElementById("run-away");
const EVERY = 3000;

function swap(html) {
    // Each answer masks the token of its forms anew.
    const told = html.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1");
    if (told === live.lastHtml) return;
    live.lastHtml = told;
    // Whoever stands on a button keeps standing on it.
    const stood = live.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...live.querySelectorAll("details[open]")].map((details) => details.id);
    live.innerHTML = html;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (stood) document.getElementById(stood)?.focus();
}

async function look() {
    try {
        const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" } });
        // A redirect leads to the log-in page: the whole page goes there.
        if (answer.redirected) return location.reload();
        if (!answer.ok) throw new Error(answer.status);
        swap(await answer.text());
        away.hidden = true;
    } catch {
        away.hidden = false;
    }
    next();
}

function next() {
    if (!live.querySelector("[data-active]")) return;
    setTimeout(() => (document.hidden ? next() : look()), EVERY);
}

next();
