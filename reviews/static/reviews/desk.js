// The desk's small helps. Without it every page works by its forms alone.
"use strict";

document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-desk-all-yes]");
    if (!button) return;
    // Only what has no answer yet: a 'no' that somebody set stays.
    for (const group of button.form.querySelectorAll("[role=radiogroup]")) {
        if (!group.querySelector("input:checked")) {
            group.querySelector("input[value=yes]").checked = true;
        }
    }
    button.form.querySelector("[value=approve]").focus();
});
