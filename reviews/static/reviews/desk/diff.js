// Word diff of two texts. Pure: knows no page.

const WORD = /\s+|[\p{L}\p{N}\p{M}_]+|[^]/gu;
// Beyond this many changed words a word-by-word picture helps nobody, and costs time on each key.
const MOST_EDITS = 400;

/** What leads from one text to the other: [{op: "same" | "del" | "ins", text}…]. The texts of
 *  "same" and "del" joined are `before`, those of "same" and "ins" are `after`. */
export function diff(before, after) {
    const old = wordsOf(before);
    const fresh = words(after);
    const shorter = Math.min(old.length, fresh.length);
    let head = 0;
    while (head < shorter && old[head] === fresh[head]) head += 1;
    let tail = 0;
    while (tail < shorter - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
    const gone = old.slice(head, old.length - tail);
    const come = fresh.slice(head, fresh.length - tail);
    return tidy([
        { op: "same", text: old.slice(0, head).join("") },
        ...(edits(gone, come) ?? block(gone, come)),
        { op: "same", text: old.slice(old.length - tail).join("") },
    ]);
}

export const words = (text) => text.match(WORD) ?? [];

// While somebody types, one side stays the same.
let known = { text: null, words: [] };

function wordsOf(text) {
    if (known.text !== text) known = { text, words: words(text) };
    return known.words;
}

const block = (old, fresh) => [
    { op: "del", text: old.join("") },
    { op: "ins", text: fresh.join("") },
];

/** Myers' greedy algorithm (1986) over words; null where more than MOST_EDITS are needed. */
function edits(old, fresh) {
    const most = Math.min(old.length + fresh.length, MOST_EDITS);
    const reach = new Int32Array(2 * most + 3);
    const trace = [];
    for (let step = 0; step <= most; step += 1) {
        trace.push(reach.slice(most + 1 - step - 1, most + 1 + step + 2));
        for (let k = -step; k <= step; k += 2) {
            const here = most + 1 + k;
            const down = k === -step || (k !== step && reach[here - 1] < reach[here + 1]);
            let x = down ? reach[here + 1] : reach[here - 1] + 1;
            while (x < old.length && x - k < fresh.length && old[x] === fresh[x - k]) x += 1;
            reach[here] = x;
            if (x >= old.length && x - k >= fresh.length) return walk(trace, old, fresh);
        }
    }
    return null;
}

/** The way back through what each step had reached; `trace[step]` begins at diagonal -step - 1. */
function walk(trace, old, fresh) {
    const parts = [];
    let x = old.length;
    let y = fresh.length;
    for (let step = trace.length - 1; step >= 0; step -= 1) {
        const reach = (k) => trace[step][k + step + 1];
        const k = x - y;
        const down = k === -step || (k !== step && reach(k - 1) < reach(k + 1));
        const from = down ? k + 1 : k - 1;
        const startX = step ? reach(from) : 0;
        const startY = step ? startX - from : 0;
        const snake = step ? (down ? startX : startX + 1) : 0;
        if (x > snake) parts.push({ op: "same", text: old.slice(snake, x).join("") });
        if (step && down) parts.push({ op: "ins", text: fresh[startY] });
        if (step && !down) parts.push({ op: "del", text: old[startX] });
        x = startX;
        y = startY;
    }
    return parts.reverse();
}

/** Neighbours joined: what was deleted first, what was inserted after it, and a lone blank between
 *  two changes counted to both, so that a changed phrase reads as one. */
function tidy(parts) {
    const out = [];
    let gone = "";
    let come = "";
    const flush = () => {
        if (gone) out.push({ op: "del", text: gone });
        if (come) out.push({ op: "ins", text: come });
        gone = come = "";
    };
    parts.forEach(({ op, text }, index) => {
        if (!text) return;
        const between = (gone || come) && parts.slice(index + 1).find((part) => part.text);
        if (op === "del") gone += text;
        else if (op === "ins") come += text;
        else if (between && between.op !== "same" && /^\s+$/.test(text)) {
            gone += text;
            come += text;
        } else {
            flush();
            const last = out.at(-1);
            if (last?.op === "same") last.text += text;
            else out.push({ op: "same", text });
        }
    });
    flush();
    return out;
}
