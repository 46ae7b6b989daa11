// What a key press means, whatever the keyboard. Pure: knows no page.

/** Letters and what they do; the same table makes the help. */
export const ACTIONS = {
    Y: "right",
    X: "wrong",
    A: "approve",
    N: "needs_work",
    R: "reject",
    D: "second",
    E: "edit",
    C: "correct",
    G: "take",
    U: "offer",
    S: "skip",
    Z: "undo",
    H: "history",
    B: "beside",
    J: "down",
    K: "up",
    ArrowDown: "down",
    ArrowUp: "up",
    Backspace: "fact_back",
    "?": "help",
};
// Held down, these go on; any other key acts once, so that a heavy hand never decides twice.
const REPEATS = new Set(["down", "up"]);
const TYPED = new Set(["button", "checkbox", "radio", "submit", "reset", "range", "color", "file"]);

/** The action of a key press: {name, number}, or null where the desk has nothing to do with it. */
export function actionOf(event) {
    if (!isPlain(event)) return null;
    const number = numberOf(event);
    const name = number ? "toggle" : ACTIONS[nameOf(event)];
    return !name || (event.repeat && !REPEATS.has(name)) ? null : { name, number };
}

/** Neither a shortcut of the browser's nor a character that is still being composed. */
export function isPlain(event) {
    if (event.isComposing || event.keyCode === 229) return false;
    return !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** 1 to 10 for the row of digits (0 is 10), 11 to 20 with Shift; 0 where it is no digit. Goes by
 *  the place of the key: on some keyboards that row gives digits only with Shift. */
export function numberOf(event) {
    if (event.key === "?") return 0;
    const place = /^Digit(\d)$/.exec(event.code ?? "");
    const digit = place ? Number(place[1]) : /^\d$/.test(event.key) ? Number(event.key) : -1;
    if (digit < 0) return 0;
    return (digit || 10) + (place && event.shiftKey ? 10 : 0);
}

/** The key's letter in upper case, with or without Caps Lock; where the keyboard writes another
 *  script, the letter of its place. */
function nameOf(event) {
    if (/^[a-z]$/i.test(event.key)) return event.key.toUpperCase();
    const other = event.key?.length === 1 && /\p{L}/u.test(event.key);
    const place = other && /^Key([A-Z])$/.exec(event.code ?? "");
    return place ? place[1] : event.key;
}

/** Whether keys pressed there are somebody's writing. */
export function isWriting(target) {
    const tag = target?.tagName;
    if (tag === "INPUT") return !TYPED.has(target.type);
    return tag === "TEXTAREA" || tag === "SELECT" || Boolean(target?.isContentEditable);
}
