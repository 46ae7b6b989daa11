// Spans over untrusted text, and characters that nobody can see made visible. Pure, but for paint().

// Bidirectional controls, zero-width and other unseen characters, C0 and C1 controls, lone
// surrogates. Line ends and tabs are ordinary.
const UNSEEN = new RegExp(
    "[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F" +
        "\\u1160\\u17B4\\u17B5\\u180B-\\u180E\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u3164" +
        "\\uFEFF\\uFFA0\\uFFF9-\\uFFFB\\u{E0000}-\\u{E007F}\\uD800-\\uDFFF]",
    "gu",
);
const PICTURE = /\p{Extended_Pictographic}/u;

/** The text cut wherever a span begins or ends: [{start, end, text, spans}…], without gaps.
 *  Offsets are UTF-16, as JavaScript counts; one inside of a pair of surrogates is moved outwards,
 *  one beyond the text to its end. */
export function segments(text, spans) {
    const kept = spans
        .map((span) => ({
            ...span,
            start: snap(text, span.start, -1),
            end: snap(text, span.end, 1),
        }))
        .filter((span) => span.start < span.end);
    const cuts = [...new Set([0, text.length, ...kept.flatMap((span) => [span.start, span.end])])];
    cuts.sort((one, other) => one - other);
    return cuts.slice(1).map((end, index) => {
        const start = cuts[index];
        const over = kept.filter((span) => span.start <= start && span.end >= end);
        return { start, end, text: text.slice(start, end), spans: over };
    });
}

function snap(text, offset, way) {
    const at = Math.max(0, Math.min(Number(offset) || 0, text.length));
    const inside = isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1));
    return inside ? at + way : at;
}

const isHigh = (unit) => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit) => unit >= 0xdc00 && unit <= 0xdfff;

/** The text as strings to show and {code} for what can't be seen: ["abc", {code: "U+202E"}…]. */
export function pieces(text) {
    const out = [];
    let from = 0;
    for (const match of text.matchAll(UNSEEN)) {
        if (joinsPictures(text, match)) continue;
        if (match.index > from) out.push(text.slice(from, match.index));
        out.push({ code: codeOf(match[0]) });
        from = match.index + match[0].length;
    }
    if (from < text.length) out.push(text.slice(from));
    return out;
}

/** A joiner inside of an emoji such as a family is part of one picture. */
function joinsPictures(text, match) {
    if (match[0] !== "\u200D") return false;
    const next = String.fromCodePoint(text.codePointAt(match.index + 1) ?? 32);
    return (
        PICTURE.test(next) && PICTURE.test(text.slice(Math.max(0, match.index - 4), match.index))
    );
}

const codeOf = (character) =>
    `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** `parent` gets the text as text, never as markup; unseen characters become little labels. */
export function paint(parent, text) {
    for (const piece of pieces(text)) {
        if (typeof piece === "string") {
            parent.append(piece);
        } else {
            const label = document.createElement("span");
            label.className = "glyph";
            label.textContent = `⟨${piece.code}⟩`;
            parent.append(label);
        }
    }
    return parent;
}
