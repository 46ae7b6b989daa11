// Runs before the page is drawn, so that a dark page never flashes white. The admin theme keeps the
// choice ("light", "dark" or "auto", as JSON) under this name; both follow one another.
(() => {
    "use strict";
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    function chosen() {
        try {
            const kept = JSON.parse(localStorage.getItem("adminTheme"));
            return ["light", "dark"].includes(kept) ? kept : "auto";
        } catch {
            return "auto";
        }
    }
    function show() {
        const choice = chosen();
        root.dataset.theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    }
    system.addEventListener("change", show);
    addEventListener("storage", show);
    addEventListener("desk-theme", () => {
        const other = root.dataset.theme === "dark" ? "light" : "dark";
        try {
            localStorage.setItem("adminTheme", JSON.stringify(other));
        } catch {
            // A browser that keeps nothing still changes this page.
        }
        root.dataset.theme = other;
    });
    show();
})();
