// The text as fields, with what changed against what came in right below.

import { diffBlock } from "./changes.js";
import { el } from "./dom.js";
import { asGiven } from "./rules.js";
import { desk, keep, t } from "./state.js";

/** Fields for question, answer and reason; each key is kept and shown in the diff. */
export function editor(item, work) {
    work.edit ??= { question: item.question, answer: item.answer, why: "" };
    const came = item.came_in ?? item;
    const shown = {
        question: el("div", { class: "diff-slot" }),
        answer: el("div", { class: "diff-slot" }),
    };
    const waiting = {};
    const draw = (name) => {
        waiting[name] = 0;
        const now = asGiven(work.edit[name], item[name]);
        // An untouched question needs no diff: the room is taken only once it changes.
        shown[name].hidden = name === "question" && now === came[name];
        shown[name].replaceChildren(
            now === came[name]
                ? el("p", { class: "quiet" }, t("no_change"))
                : diffBlock(came[name], now),
        );
    };
    const written = (name) => (event) => {
        work.edit[name] = event.target.value;
        keep();
        // Once a frame, however fast somebody types.
        if (name in shown && !waiting[name])
            waiting[name] = requestAnimationFrame(() => draw(name));
    };
    draw("question");
    draw("answer");
    const field = (name, rows, label) => {
        const node = el("textarea", {
            id: `edit-${name}`,
            rows: String(rows),
            dir: "auto",
            "data-keep": `edit-${name}`,
            "aria-describedby": "edit-keys",
            spellcheck: "false",
            on: { input: written(name) },
        });
        node.value = work.edit[name];
        const fault = desk.faults.get(item.claim)?.fields?.[name];
        if (fault) node.setAttribute("aria-invalid", "true");
        return [
            el("label", { for: `edit-${name}` }, label),
            node,
            fault && el("p", { class: "fault" }, fault),
        ];
    };
    return el(
        "section",
        { class: "editor", "aria-label": t("edit") },
        field("question", 2, t("question")),
        shown.question,
        field("answer", 9, t("answer")),
        el("h2", {}, t("changes")),
        shown.answer,
        field("why", 1, t("edit_why")),
        el(
            "p",
            { class: "editor-keys", id: "edit-keys" },
            button("save", t("save"), "Ctrl+Enter", "primary"),
            button("leave_edit", t("edit_leave"), "Esc"),
            button("discard", t("draft_drop")),
        ),
        el("p", { class: "quiet" }, t("edit_note")),
    );
}

const button = (name, label, key = null, kind = "") =>
    el(
        "button",
        { type: "button", class: `small ${kind}`, "data-do": name },
        label,
        key && el("kbd", {}, key),
    );
