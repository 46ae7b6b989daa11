// Similar approved pairs, lessons and the flags' explanations, in a place of fixed size.

import { $, el } from "./dom.js";
import { current, net, t } from "./state.js";
import { words } from "./view.js";

const MOST_KEPT = 6;
const known = new Map();

/** Ask ahead, so that the next item's neighbours are there when it comes. */
export function ahead(item) {
    if (!item || known.has(item.pair)) return;
    const asked = net.get("beside", { pair: item.pair }).then((answer) => {
        // Not worth a word of its own: the next look asks again.
        if (answer.status !== 200) known.delete(item.pair);
        return answer.status === 200 ? answer.body : null;
    });
    known.set(item.pair, asked);
    if (known.size > MOST_KEPT) known.delete(known.keys().next().value);
}

export async function drawBeside() {
    const item = current();
    $("beside").scrollTop = 0;
    $("beside").replaceChildren(el("div", {}, flags(item), skeleton()));
    ahead(item);
    const found = await known.get(item.pair);
    if (current() !== item) return;
    $("beside").replaceChildren(
        el("div", {}, flags(item), ...(found ? neighbours(found) : [nothing(t("beside_away"))])),
    );
}

const nothing = (text) => el("p", { class: "quiet" }, text);

function skeleton() {
    const line = () => el("div", { class: "bone" });
    return el("div", { class: "bones", "aria-hidden": "true" }, line(), line(), line(), line());
}

function flags(item) {
    if (!item.flags.length) return null;
    const list = item.flags.map((flag) =>
        el(
            "li",
            { class: flag.blocks ? "serious" : "" },
            el(
                "button",
                {
                    type: "button",
                    class: "flag-row",
                    "data-do": "flag",
                    "data-flag": String(flag.id),
                },
                el("b", {}, flag.title),
                el("span", {}, flag.message),
            ),
        ),
    );
    return el(
        "section",
        { class: "flags" },
        el("h2", {}, t("flags"), count(list)),
        el("ul", {}, list),
    );
}

const count = (list) => el("span", { class: "count" }, String(list.length));

function neighbours({ pairs, lessons }) {
    const similar = pairs.map((pair) =>
        el(
            "li",
            {},
            el(
                "p",
                { class: "by" },
                pair.family && el("span", { class: "chip" }, t("same_question")),
                el("a", { href: pair.url, target: "_blank" }, `#${pair.pair}`),
            ),
            words(pair.question, "strong"),
            words(pair.answer),
        ),
    );
    const learnt = lessons.map((one) =>
        el(
            "li",
            {},
            words(one.question, "strong"),
            words(one.wrong_answer, "gone"),
            words(one.right_answer),
            one.lesson && words(one.lesson, "lesson"),
        ),
    );
    return [
        el(
            "section",
            {},
            el("h2", {}, t("similar"), count(similar)),
            similar.length ? el("ul", {}, similar) : nothing(t("no_similar")),
        ),
        learnt.length > 0 &&
            el("section", {}, el("h2", {}, t("lessons"), count(learnt)), el("ul", {}, learnt)),
    ].filter(Boolean);
}
