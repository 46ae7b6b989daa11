// What a dataset's rule would freeze, shown as the form changes, and parts that a page need not
// wait for. Without it the pages work by their forms alone.
"use strict";

const PAUSE = 350;

async function fill(part, options) {
    part.setAttribute("aria-busy", "true");
    try {
        const answer = await fetch(part.dataset.from, options);
        // A session that ended answers with a whole page.
        if (!answer.ok || answer.redirected) throw new Error(answer.status);
        part.innerHTML = await answer.text();
        part.removeAttribute("aria-busy");
    } catch (error) {
        // The next change has asked anew.
        if (error.name === "AbortError") return;
        part.textContent = part.dataset.failed;
        part.removeAttribute("aria-busy");
    }
}

function follow(part, form) {
    let asked = new AbortController();
    let timer = 0;
    const look = () => {
        asked.abort();
        asked = new AbortController();
        fill(part, { method: "POST", body: new FormData(form), signal: asked.signal });
    };
    const later = () => {
        clearTimeout(timer);
        timer = setTimeout(look, PAUSE);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    look();
}

for (const part of document.querySelectorAll("[data-from]")) {
    const form = document.getElementById(part.dataset.form);
    if (form) follow(part, form);
    else fill(part, {});
}
