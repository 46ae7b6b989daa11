// What the page knows: the server's configuration and words, the items it holds, the work on them.

import { Drafts } from "./drafts.js";
import { Net } from "./net.js";
import { blank } from "./rules.js";

const given = (id) => JSON.parse(document.getElementById(id).textContent);

export const config = given("desk-config");
export const first = given("desk-state");
const texts = given("desk-words");

/** A text in the reader's language; {name} in it is replaced. */
export const t = (key, values = {}) =>
    (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export const net = new Net(config);
export const drafts = new Drafts(config.user);

export const desk = {
    // Items with a claim of ours: the first is on the screen, the second is prefetched.
    line: [],
    progress: first.progress,
    // The hub has nothing more for us beyond the line.
    exhausted: false,
    asking: false,
    // The fact in focus where somebody chose one; else it is the first without an answer.
    fact: null,
    editing: false,
    historyOpen: false,
    // Claims whose lease went to somebody else.
    lost: new Set(),
    // What the hub complained of, by claim: {message, fields}; and notices beside an item.
    faults: new Map(),
    notices: new Map(),
    undo: null,
    paused: false,
};

export const current = () => desk.line[0] ?? null;

const works = new Map();
const keyOf = (item) => `${item.pair}:${item.seen}`;

/** The reviewer's work on an item: in memory, else from the browser's store, else fresh. */
export function workOf(item) {
    const key = keyOf(item);
    if (!works.has(key)) works.set(key, { ...blank(), ...drafts.load(item) });
    return works.get(key);
}

export const forget = (item) => works.delete(keyOf(item));

let timer = null;
let warned = false;

/** Keep the work on the current item, soon; `now` at the latest moment there is. */
export function keep(now = false) {
    clearTimeout(timer);
    const item = current();
    if (!item) return;
    if (!now) {
        timer = setTimeout(() => keep(true), 250);
    } else if (!drafts.save(item, workOf(item)) && !warned) {
        warned = true;
        say(t("not_kept"));
    }
}

/** For ears: what is already to be seen. */
export function speak(message) {
    const live = document.getElementById("live");
    // The same sentence twice is spoken twice only when something changed in between.
    live.textContent = live.textContent === message ? `${message}\u00A0` : message;
}

/** For ears, and for a moment for eyes: what happened, or why it did not. */
export function say(message) {
    if (!message) return;
    speak(message);
    const note = document.getElementById("hint");
    note.textContent = message;
    note.classList.remove("fresh");
    void note.offsetWidth;
    note.classList.add("fresh");
}
