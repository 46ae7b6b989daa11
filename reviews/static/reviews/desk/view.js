// The reading side: question, answer with its marks, and whatever was said about them.

import { changes } from "./changes.js";
import { $, el } from "./dom.js";
import { editor } from "./editor.js";
import { paint, segments } from "./marks.js";
import { isChanged, openFact } from "./rules.js";
import { config, current, desk, t, workOf } from "./state.js";

const SHOWN_TURNS = 2;
const date = new Intl.DateTimeFormat(config.language, { dateStyle: "medium", timeStyle: "short" });

/** A block of somebody's text: isolated, its direction its own. */
export const words = (text, name = "") =>
    paint(el("div", { class: `words ${name}`, dir: "auto" }), text);

export function drawText() {
    const item = current();
    const work = workOf(item);
    $("text").replaceChildren(
        el(
            "article",
            {},
            about(item),
            notice(item, work),
            history(item),
            ...(desk.editing ? [editor(item, work)] : reading(item, work)),
            suggestions(item),
            votes(item),
            corrections(item),
        ),
    );
    markFacts();
}

function about(item) {
    const chips = [item.category.name, item.register.label, item.language.label, item.source.label];
    const round = t("round", { n: item.given + 1, of: item.reviewers_needed });
    return el(
        "header",
        { class: "about" },
        item.status !== "in_review" &&
            el("span", { class: `chip status-${item.status}` }, t(`status_${item.status}`)),
        chips.map((label) => label && el("span", { class: "chip" }, label)),
        item.reviewers_needed > 1 && !item.dispute && el("span", { class: "chip" }, round),
        el("span", { class: "grow" }),
        el("span", { class: "quiet" }, item.assistant),
        // No link: the record would say of a calibration item that it was decided long ago.
        el("span", { class: "record" }, `#${item.pair}`),
    );
}

/** What happened to the item behind the reviewer's back, with the reviewer's own text to take. */
function notice(item, work) {
    const told = desk.notices.get(item.claim);
    const fault = desk.faults.get(item.claim);
    const draft = !desk.editing && isChanged(item, work.edit);
    if (!told && !fault && !draft) return null;
    const parts = [];
    if (told) parts.push(el("p", {}, told.message), told.own && act("take", t("take_own"), "G"));
    if (fault) {
        const known = Object.values(fault.fields ?? {});
        parts.push(
            el("p", {}, fault.message),
            known.length > 0 &&
                el(
                    "ul",
                    {},
                    known.map((one) => el("li", {}, one)),
                ),
        );
    }
    if (draft)
        parts.push(
            el("p", {}, t("draft_left")),
            act("edit", t("draft_on"), "E"),
            act("discard", t("draft_drop")),
        );
    return el("div", { class: `notice${told || fault ? " warn" : ""}`, role: "note" }, parts);
}

const act = (name, label, key = null) =>
    el(
        "button",
        { type: "button", class: "small", "data-do": name },
        label,
        key && el("kbd", {}, key),
    );

function history(item) {
    const turns = item.history;
    if (!turns.length && !item.system) return null;
    const shown = desk.historyOpen ? turns : turns.slice(-SHOWN_TURNS);
    const hidden = turns.length - shown.length + (item.system && !desk.historyOpen ? 1 : 0);
    const label = desk.historyOpen ? t("history_less") : t("history_more", { n: hidden });
    const toggle = el(
        "button",
        {
            type: "button",
            class: "link",
            "data-do": "history",
            "aria-expanded": String(desk.historyOpen),
        },
        label,
        el("kbd", {}, "H"),
    );
    return el(
        "section",
        { class: "history", "aria-label": t("history") },
        el("h2", {}, t("history"), (hidden > 0 || desk.historyOpen) && toggle),
        desk.historyOpen && item.system && turn(t("system"), "system", item.system),
        shown.map(([role, text]) => turn(t(`role_${role}`), role, text)),
    );
}

const turn = (name, role, text) =>
    el("div", { class: `turn turn-${role}` }, el("b", {}, name), words(text));

function reading(item, work) {
    const own = isChanged(item, work.edit) ? work.edit : null;
    const before = item.came_in ?? item;
    const after = own ?? item;
    return [
        el("section", { class: "question" }, el("h2", {}, t("question")), marked(item, "question")),
        el("section", { class: "answer" }, el("h2", {}, t("answer")), marked(item, "answer")),
        changes(before, after, own ? t("changes_own") : t("changes")),
    ];
}

function marked(item, where) {
    const flags = item.flags.filter((flag) => flag.where === where && flag.end > flag.start);
    const spans = flags.map((flag) => ({ start: flag.start, end: flag.end, flag }));
    if (where === "answer") {
        for (const fact of item.facts) {
            fact.spans.forEach(([start, end]) => spans.push({ start, end, fact }));
        }
    }
    const block = el("div", { class: `words text-${where}`, dir: "auto" });
    for (const part of segments(item[where], spans)) {
        block.append(
            part.spans.length ? mark(part) : paint(document.createDocumentFragment(), part.text),
        );
    }
    return block;
}

function mark(part) {
    const facts = part.spans.filter((span) => span.fact).map((span) => span.fact);
    const flags = part.spans.filter((span) => span.flag).map((span) => span.flag);
    const titles = [
        ...facts.map((fact) => `${t(`kind_${fact.kind}`)}: ${fact.value}`),
        ...flags.map((flag) => `${flag.title}: ${flag.message}`),
    ];
    const kinds = [
        facts.length && "fact",
        flags.length && "flag",
        flags.some((flag) => flag.blocks) && "serious",
    ];
    const node = el("mark", {
        class: kinds.filter(Boolean).join(" "),
        title: titles.join("\n"),
        "data-facts": JSON.stringify(facts.map((fact) => fact.key)),
        "data-flags": flags.map((flag) => flag.id).join(" "),
    });
    return paint(node, part.text);
}

/** The fact that is asked for now, if any. */
export function factNow(item, work) {
    return item.facts.find((fact) => fact.key === desk.fact) ?? openFact(item, work);
}

/** Only the marks' classes change while facts are confirmed: 50,000 characters stay as they are. */
export function markFacts() {
    const item = current();
    const work = workOf(item);
    const now = factNow(item, work);
    for (const node of document.querySelectorAll("#text mark.fact")) {
        const keys = JSON.parse(node.dataset.facts);
        node.classList.toggle("now", Boolean(now) && keys.includes(now.key));
        node.classList.toggle(
            "right",
            keys.every((key) => work.facts[key] === true),
        );
        node.classList.toggle(
            "false",
            keys.some((key) => work.facts[key] === false),
        );
    }
}

/** The current fact must be in view: what is confirmed is read. */
export function showFact() {
    document.querySelector("#text mark.fact.now")?.scrollIntoView({ block: "nearest" });
}

const when = (at) => el("time", { datetime: at, class: "quiet" }, date.format(new Date(at)));

function suggestions(item) {
    if (!item.suggestions.length) return null;
    const list = item.suggestions.map((one, index) =>
        el(
            "li",
            {},
            el("p", { class: "by" }, el("b", {}, one.author), " ", when(one.at)),
            one.why && words(one.why, "quiet"),
            changes(item, one, t("suggested")),
            el(
                "button",
                { type: "button", class: "small", "data-do": "take", "data-at": String(index) },
                t("take"),
                index === 0 && el("kbd", {}, "G"),
            ),
        ),
    );
    return el("section", { class: "said" }, el("h2", {}, t("suggestions")), el("ul", {}, list));
}

function votes(item) {
    if (!item.votes.length) return null;
    const list = item.votes.map((vote) => {
        const kind = vote.positive === null ? "rated" : vote.positive ? "liked" : "disliked";
        const label = t(`vote_${kind}`, { n: vote.rating ?? "–" });
        return el(
            "li",
            { class: kind },
            el("p", { class: "by" }, el("b", {}, label), " ", when(vote.at)),
            vote.comment
                ? words(vote.comment, "quote")
                : el("p", { class: "quiet" }, t("no_comment")),
        );
    });
    return el("section", { class: "said" }, el("h2", {}, t("votes")), el("ul", {}, list));
}

function corrections(item) {
    if (!item.corrections.length) return null;
    const list = item.corrections.map((one) =>
        el(
            "li",
            {},
            el("h3", {}, t("wrong_answer")),
            words(one.wrong_answer, "quote"),
            one.why_wrong && [el("h3", {}, t("why_wrong")), words(one.why_wrong)],
            one.lesson && [el("h3", {}, t("lesson")), words(one.lesson)],
        ),
    );
    return el("section", { class: "said" }, el("h2", {}, t("corrections")), el("ul", {}, list));
}
