// Choosing a base model brings its options; each change brings what the run would take, or what
// speaks against it.
"use strict";

const form = document.getElementById("launch");
let asked = 0;

async function fetched() {
    const sent = new FormData(form);
    sent.set("look", "1");
    try {
        const answer = await fetch(form.action, { method: "POST", body: sent });
        return answer.ok && !answer.redirected ? await answer.text() : "";
    } catch {
        // The hub is away; whoever sends the form is told.
        return "";
    }
}

async function look() {
    const number = ++asked;
    const html = await fetched();
    // Only the answer to the last question counts.
    if (!html || number !== asked) return;
    const page = new DOMParser().parseFromString(html, "text/html");
    const options = document.getElementById("launch-options");
    const fresh = page.getElementById("launch-options");
    if (fresh.dataset.of !== options.dataset.of) options.replaceWith(fresh);
    document.getElementById("launch-estimate").innerHTML = page.getElementById("launch-estimate").innerHTML;
}

form.addEventListener("change", look);
if (form.checkValidity()) look();
