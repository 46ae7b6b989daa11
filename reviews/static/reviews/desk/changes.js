// A diff as it is shown: what went is struck out, what came is underlined, long calm stretches fold.

import { diff } from "./diff.js";
import { el } from "./dom.js";
import { paint } from "./marks.js";
import { t } from "./state.js";

const AROUND = 160;

/** Question and answer side against side; null where nothing differs. */
export function changes(before, after, title) {
    const rows = ["question", "answer"].filter((name) => before[name] !== after[name]);
    if (!rows.length) return null;
    return el(
        "section",
        { class: "changes" },
        el("h2", {}, title),
        rows.map((name) => [
            rows.length > 1 && el("h3", {}, t(name)),
            diffBlock(before[name], after[name]),
        ]),
    );
}

export function diffBlock(before, after) {
    const block = el("div", { class: "words diff", dir: "auto" });
    const parts = diff(before, after);
    parts.forEach((part, index) => {
        if (part.op === "same") {
            fold(part.text, index === 0, index === parts.length - 1).forEach((node) =>
                block.append(node),
            );
        } else {
            block.append(paint(el(part.op), part.text));
        }
    });
    return block;
}

/** The beginning and the end of an unchanged stretch; at the text's ends only what is beside a
 *  change. */
function fold(text, isFirst, isLast) {
    const plain = (piece) => paint(document.createDocumentFragment(), piece);
    if (text.length < 3 * AROUND || (isFirst && isLast)) return [plain(text)];
    const gap = el("span", { class: "gap", title: t("unchanged") }, " ⋯ ");
    const head = text.slice(0, blankBefore(text, AROUND));
    const tail = text.slice(blankBefore(text, text.length - AROUND));
    return [!isFirst && plain(head), gap, !isLast && plain(tail)].filter(Boolean);
}

/** Where a word begins, at most forty characters before; no pair of surrogates is torn. */
function blankBefore(text, at) {
    const blank = text.slice(at - 40, at).search(/\s\S*$/);
    if (blank >= 0) return at - 40 + blank;
    return /[\uDC00-\uDFFF]/.test(text[at]) ? at - 1 : at;
}
