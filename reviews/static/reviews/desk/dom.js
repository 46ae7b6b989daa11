// Elements without markup: everything untrusted goes in as text.

/** An element: attributes by name (`on` holds listeners, null leaves out), then what is in it. */
export function el(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (key === "on") Object.entries(value).forEach((pair) => node.addEventListener(...pair));
        else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(2).filter((child) => (child ?? false) !== false));
    return node;
}

export const $ = (id) => document.getElementById(id);

/** Draw anew without losing the place where somebody is writing (`data-keep` names it). */
export function keepingFocus(draw) {
    const active = document.activeElement;
    const name = active?.dataset.keep;
    const range =
        name && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
    draw();
    if (!name || active.isConnected) return;
    const again = document.querySelector(`[data-keep="${CSS.escape(name)}"]`);
    again?.focus({ preventScroll: true });
    if (again && range?.[0] !== null && range) again.setSelectionRange(...range);
}

/** Text and decisions side by side, each scrolling by itself; else one column. */
export const isWide = () => matchMedia("(min-width: 1100px)").matches;

export const kbd = (key) => el("kbd", {}, key);
