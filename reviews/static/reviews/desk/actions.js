// What each key and each button does on the current item.

import { factNow, showFact, markFacts } from "./view.js";
import { $, isWide } from "./dom.js";
import * as decide from "./decide.js";
import { openHelp } from "./dialogs.js";
import { again, redraw } from "./line.js";
import { isChanged, itemsOf, openFact, openItems } from "./rules.js";
import { current, desk, keep, say, t, workOf } from "./state.js";

const STEP = 90;

/** Right: the fact that is asked for; after the facts, all that is still open. */
function right() {
    const item = current();
    const work = workOf(item);
    if (factNow(item, work)) return confirm(true);
    const open = openItems(item, work);
    if (!open.length) return say(t("all_answered"));
    for (const entry of open) work.answers[entry.id] = true;
    redraw();
    say(t("said_all_right"));
}

function wrong() {
    const item = current();
    if (!factNow(item, workOf(item))) return say(t("pick_item"));
    confirm(false);
}

function confirm(answer) {
    const item = current();
    const work = workOf(item);
    const fact = factNow(item, work);
    work.facts[fact.key] = answer;
    desk.fact = null;
    redraw();
    markFacts();
    showFact();
    // In one column it is the text that must stay in view.
    if (isWide())
        document.querySelector("#panel .fact-row.now")?.scrollIntoView({ block: "nearest" });
    const next = openFact(item, work);
    const said = t(answer ? "said_fact_right" : "said_fact_wrong", { fact: fact.label });
    say(next ? `${said} ${t("next_fact", { fact: next.label })}` : `${said} ${t("facts_done")}`);
    if (!next) document.querySelector("#panel .checklist")?.scrollIntoView({ block: "start" });
}

/** Choose a fact to answer (again). */
function fact({ fact: key }) {
    desk.fact = key;
    redraw();
    markFacts();
    showFact();
}

/** Back to the fact that was answered last. */
function factBack() {
    const item = current();
    const work = workOf(item);
    const answered = item.facts.filter((one) => one.key in work.facts);
    if (!answered.length) return;
    delete work.facts[answered.at(-1).key];
    fact({ fact: answered.at(-1).key });
}

function toggle({ number }) {
    const entry = itemsOf(current()).find((one) => one.number === number);
    if (entry) mark(entry.id, workOf(current()).answers[entry.id] !== false);
}

/** Mark an item wrong and ask for the reason, or take the mark off again. */
function mark(id, isWrong) {
    const work = workOf(current());
    if (isWrong) work.answers[id] = false;
    else delete work.answers[id];
    redraw();
    if (!isWrong) return say(t("unmarked"));
    const field = document.querySelector(`[data-reason="${id}"]`);
    field.scrollIntoView({ block: "nearest" });
    field.focus({ preventScroll: true });
}

function itemRight({ item: id }) {
    const work = workOf(current());
    if (work.answers[id] === true) delete work.answers[id];
    else work.answers[id] = true;
    redraw();
}

function itemWrong({ item: id }) {
    mark(id, workOf(current()).answers[id] !== false);
}

function edit() {
    const item = current();
    if (!item.may.edit) return say(t("bar_not_yours"));
    desk.editing = true;
    redraw({ text: true });
    const field = $("edit-answer");
    field.scrollIntoView({ block: "nearest" });
    field.focus();
    field.setSelectionRange(0, 0);
}

function leaveEdit() {
    desk.editing = false;
    keep(true);
    redraw({ text: true });
    $("text").focus({ preventScroll: true });
    if (isChanged(current(), workOf(current()).edit)) say(t("draft_kept"));
}

function discard() {
    workOf(current()).edit = null;
    leaveEdit();
}

function history() {
    desk.historyOpen = !desk.historyOpen;
    redraw({ text: true });
}

function flag({ flag: id }) {
    const node = [...document.querySelectorAll("#text mark.flag")].find((one) =>
        one.dataset.flags.split(" ").includes(id),
    );
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.remove("pointed");
    void node.offsetWidth;
    node.classList.add("pointed");
}

function scroll(way) {
    const other = [$("beside"), $("panel")].find((place) => place === document.activeElement);
    if (other && isWide()) other.scrollBy(0, way * STEP);
    else if (isWide()) $("text").scrollBy(0, way * STEP);
    else scrollBy(0, way * STEP);
}

// By name, as keys.js and data-do use them. `always` work without an item, too.
const ALWAYS = {
    undo: decide.undo,
    help: openHelp,
    again,
    offer: () => decide.offer(),
    offer_kept: ({ at }) => decide.offer(Number(at)),
    drop_kept: ({ at }) => decide.dropKept(Number(at)),
    theme: () => dispatchEvent(new Event("desk-theme")),
};
const ON_ITEM = {
    right,
    wrong,
    toggle,
    fact,
    fact_back: factBack,
    item_right: itemRight,
    item_wrong: itemWrong,
    approve: decide.approve,
    reject: () => decide.against("reject"),
    needs_work: () => decide.against("needs_work"),
    second: () => decide.against("second"),
    skip: decide.skip,
    pass: decide.pass,
    edit,
    save: decide.save,
    leave_edit: leaveEdit,
    discard,
    correct: decide.correct,
    take: ({ at }) => decide.take(Number(at ?? 0)),
    history,
    flag,
    beside: () => $("beside").focus(),
    down: () => scroll(1),
    up: () => scroll(-1),
};

/** Do what a key or a button asks for, with the button's own data; false where there is nothing. */
export function act(name, data = {}) {
    const action = ALWAYS[name] ?? (current() && ON_ITEM[name]);
    if (!action || desk.paused) return false;
    action(data);
    return true;
}

/** Keys inside of a field: they finish the writing, and never decide. */
export function fieldKey(event) {
    const id = event.target.dataset.reason;
    const enter = event.key === "Enter" && !event.isComposing;
    if (id && (enter || event.key === "Escape")) {
        event.preventDefault();
        if (event.repeat) return;
        const empty = !event.target.value.trim();
        $("text").focus({ preventScroll: true });
        if (!enter) mark(id, false);
        else if (empty) say(t("reason_missing"));
        else say(t("reason_kept"));
    } else if (desk.editing && event.key === "Escape" && !event.isComposing) {
        event.preventDefault();
        leaveEdit();
    } else if (desk.editing && enter && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        if (!event.repeat) decide.save();
    }
}
