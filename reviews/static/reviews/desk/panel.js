// The deciding side: facts, then the checklist, then the verdict.

import { $, el, kbd } from "./dom.js";
import { barrier, needed, openItems, stepOf, wrongItems } from "./rules.js";
import { current, desk, keep, t, workOf } from "./state.js";
import { factNow, words } from "./view.js";

const AROUND = 60;

export function drawPanel() {
    const item = current();
    const work = workOf(item);
    const step = stepOf(item, work);
    $("panel").replaceChildren(
        ...[
            item.dispute?.length && dispute(item.dispute),
            item.facts.length > 0 && facts(item, work, step),
            item.checklist && checklist(item, work, step),
            noteBlock(item, work),
        ].filter(Boolean),
    );
    drawVerdict(item, work, step);
}

function heading(number, title, count, isNow) {
    return el(
        "h2",
        { class: isNow ? "step now" : "step", "aria-current": isNow ? "step" : null },
        el("span", { class: "step-number", "aria-hidden": "true" }, String(number)),
        title,
        el("span", { class: "count" }, count),
    );
}

function dispute(verdicts) {
    const sides = verdicts.map((one) =>
        el(
            "div",
            { class: `side is-${one.decision.code}` },
            el("p", { class: "by" }, el("b", {}, one.reviewer)),
            el("p", { class: "verdict-word" }, one.decision.label),
            one.note && words(one.note),
            one.wrong.length > 0 &&
                el(
                    "ul",
                    {},
                    one.wrong.map((entry) =>
                        el("li", {}, entry.text, entry.reason && words(entry.reason, "quiet")),
                    ),
                ),
            one.facts_wrong.length > 0 &&
                el("p", {}, t("facts_wrong", { facts: one.facts_wrong.join(", ") })),
            one.seconds !== null &&
                el("p", { class: "quiet" }, t("spent", { n: Math.round(one.seconds) })),
        ),
    );
    return el(
        "section",
        { class: "dispute" },
        el("h2", { class: "step" }, t("dispute")),
        el("div", { class: "sides" }, sides),
    );
}

function facts(item, work, step) {
    const now = factNow(item, work);
    const done = item.facts.filter((fact) => fact.key in work.facts).length;
    const list = item.facts.map((fact) => factRow(item, work, fact, fact === now));
    return el(
        "section",
        { class: "facts" },
        heading(1, t("facts"), `${done}/${item.facts.length}`, step === "facts"),
        step === "facts" && el("p", { class: "quiet" }, t("facts_how")),
        el("ol", { class: "fact-list" }, list),
    );
}

function factRow(item, work, fact, isNow) {
    const answer = work.facts[fact.key];
    const state = answer === undefined ? "open" : answer ? "right" : "false";
    const fault = desk.faults.get(item.claim)?.fields?.[`fact:${fact.key}`];
    const row = el(
        "button",
        {
            type: "button",
            class: `fact-row is-${state}${isNow ? " now" : ""}`,
            "data-do": "fact",
            "data-fact": fact.key,
            "data-keep": `fact-${fact.key}`,
            "aria-current": isNow ? "true" : null,
        },
        el(
            "span",
            { class: "sign", "aria-hidden": "true" },
            { open: "", right: "✓", false: "✕" }[state],
        ),
        el("span", { class: "fact-kind" }, t(`kind_${fact.kind}`)),
        el("strong", { dir: "auto" }, fact.label),
        el("span", { class: "sr" }, t(`fact_${state}`)),
    );
    return el(
        "li",
        {},
        row,
        fault && el("p", { class: "fault" }, fault),
        isNow && el("div", { class: "fact-context" }, context(item.answer, fact)),
    );
}

/** The words around a fact, so that it is read where it stands. */
function context(text, fact) {
    if (!fact.spans.length) return words(fact.value);
    const [start, end] = fact.spans[0];
    const from = Math.max(0, text.lastIndexOf(" ", Math.max(0, start - AROUND)));
    const to = text.indexOf(" ", end + AROUND);
    const block = words(`${from ? "…" : ""}${text.slice(from, start)}`);
    block.append(words(text.slice(start, end), "inline"));
    block.append(
        ...words(`${text.slice(end, to < 0 ? text.length : to)}${to < 0 ? "" : "…"}`).childNodes,
    );
    return block;
}

function checklist(item, work, step) {
    const number = item.facts.length ? 2 : 1;
    const wrong = wrongItems(item, work).length;
    const open = needed(item, work).length;
    const count = wrong
        ? t("count_wrong", { n: wrong })
        : open
          ? t("count_open", { n: open })
          : t("count_right");
    const parts = item.checklist.parts.map((part) => [
        el("h3", { id: `part-${part.items[0]?.id}` }, part.name),
        el(
            "ul",
            { "aria-labelledby": `part-${part.items[0]?.id}` },
            part.items.map((entry) => row(item, work, entry)),
        ),
    ]);
    const waits = step === "facts" ? " waits" : "";
    return el(
        "section",
        { class: `checklist${waits}` },
        heading(number, t("checklist"), count, step === "checklist"),
        parts,
    );
}

const keyOf = (number) => (number > 10 ? `⇧${number % 10}` : String(number % 10));

function row(item, work, entry) {
    const answer = work.answers[entry.id];
    const state = answer === undefined ? "open" : answer ? "right" : "false";
    const toggle = (name, label, sign, pressed) =>
        el(
            "button",
            {
                type: "button",
                class: `tick ${name}`,
                "data-do": name,
                "data-item": String(entry.id),
                "data-keep": `${name}-${entry.id}`,
                "aria-pressed": String(pressed),
                "aria-label": `${label}: ${entry.text}`,
            },
            sign,
        );
    return el(
        "li",
        { class: `check is-${state}` },
        kbd(keyOf(entry.number)),
        el(
            "span",
            { class: "check-text" },
            entry.text,
            !entry.required && el("span", { class: "quiet" }, ` ${t("optional")}`),
        ),
        toggle("item_right", t("right"), "✓", answer === true),
        toggle("item_wrong", t("wrong"), "✕", answer === false),
        state === "false" && reason(item, work, entry),
    );
}

function reason(item, work, entry) {
    const fault = desk.faults.get(item.claim)?.fields?.[`item_${entry.id}`];
    const field = el("input", {
        type: "text",
        class: "reason",
        "data-reason": String(entry.id),
        "data-keep": `reason-${entry.id}`,
        "aria-label": t("reason_of", { item: entry.text }),
        "aria-invalid": fault ? "true" : null,
        placeholder: t("reason_hint"),
        autocomplete: "off",
        dir: "auto",
        enterkeyhint: "done",
        on: {
            input: (event) => {
                work.reasons[entry.id] = event.target.value;
                keep();
                drawVerdict(item, work, stepOf(item, work));
            },
        },
    });
    field.value = work.reasons[entry.id] ?? "";
    return el(
        "div",
        { class: "reason-line" },
        field,
        item.may.edit &&
            el("button", { type: "button", class: "small", "data-do": "edit" }, t("fix"), kbd("E")),
        fault && el("p", { class: "fault" }, fault),
    );
}

function noteBlock(item, work) {
    const fault = desk.faults.get(item.claim)?.fields?.note;
    if (!work.note && !fault) return null;
    return el(
        "section",
        { class: "note" },
        el("h3", {}, t("note")),
        words(work.note),
        fault && el("p", { class: "fault" }, fault),
    );
}

const RIGHT = { facts: "fact_is_right", checklist: "all_right", decide: "all_right_done" };

/** The buttons keep their place; only what they can do changes. */
export function drawVerdict(item = current(), work = workOf(item), step = stepOf(item, work)) {
    const why = barrier(item, work);
    const lost = desk.lost.has(item.claim);
    const able = (name, yes) => {
        for (const node of document.querySelectorAll(
            `#verdict [data-do="${name}"], #other [data-do="${name}"]`,
        )) {
            node.setAttribute("aria-disabled", String(!yes));
        }
    };
    $("right-label").textContent = t(RIGHT[step]);
    able("right", step !== "decide" || openItems(item, work).length > 0);
    able("wrong", step === "facts" || desk.fact !== null);
    able("approve", !why && !lost);
    for (const name of ["reject", "needs_work", "second"]) able(name, item.may[name] && !lost);
    able("edit", item.may.edit);
    able("correct", item.may.correct && !lost);
    able("skip", true);
    able("undo", Boolean(desk.undo));
    $("barrier").textContent = lost ? t("lost_short") : why ? t(...why) : t("may_approve");
    $("verdict").dataset.step = why ? step : "decide";
}
