// A run's page while the run lives: what changes is fetched every few seconds.
"use strict";

const live = document.getElementById("run-live");
const said = document.getElementById("run-said");
const away = document.getElementById("run-away");
const EVERY = 3000;

// Each answer masks the token of its forms anew.
const told = (root) => root.innerHTML.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1");
const status = () => live.querySelector("[data-status]").dataset.status;

let last = told(live);

// How to find the same link or button in what comes in its place.
function place(element) {
    if (!element || !live.contains(element)) return "";
    if (element.id) return `#${element.id}`;
    const link = element.getAttribute("href");
    return link ? `a[href="${CSS.escape(link)}"]` : "";
}

function swap(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    if (told(fresh) === last) return;
    last = told(fresh);
    const before = status();
    // Whoever stands on a link or a button keeps standing on it, and what is open stays open.
    const stood = place(document.activeElement);
    const open = [...live.querySelectorAll("details[open]")].map((details) => details.id);
    live.replaceChildren(fresh.content);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (stood) live.querySelector(stood)?.focus({ preventScroll: true });
    if (status() !== before) said.textContent = status();
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
