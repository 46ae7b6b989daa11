// Choosing a base model brings its options; each change brings what the run would take.
"use strict";

const form = document.getElementById("launch");
let asked = 0;

async function look() {
    const number = ++asked;
    const sent = new FormData(form);
    sent.set("look", "1");
    const answer = await fetch(form.action, { method: "POST", body: sent });
    // Only the answer to the last question counts.
    if (!answer.ok || answer.redirected || number !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const options = document.getElementById("launch-options");
    const fresh = page.getElementById("launch-options");
    if (fresh.dataset.of !== options.dataset.of) options.replaceWith(fresh);
    document.getElementById("launch-estimate").replaceWith(page.getElementById("launch-estimate"));
}

form.addEventListener("change", look);
