// Decisions: on their way at once, and what becomes of them.

import { askCorrection, askWhy } from "./dialogs.js";
import {
    advance,
    again,
    bringBack,
    drawAround,
    outbox,
    redraw,
    settle,
    show,
    took,
    topUp,
    whenAnswered,
} from "./line.js";
import { asGiven, barrier, isChanged, itemsOf, saysWhy, wrongFacts } from "./rules.js";
import { config, current, desk, drafts, keep, net, say, speak, t, workOf } from "./state.js";

const SKIPS = ["skip_field", "skip_source", "skip_language", "skip_later", "skip_interest"];

/** Send the decision and go on. The text of an edit goes along in `text`. */
function send(decision, { note, text } = {}) {
    const item = current();
    const work = workOf(item);
    const wrong = Object.entries(work.reasons).filter(
        ([id, reason]) => work.answers[id] === false && reason.trim(),
    );
    post("decide", item, {
        decision,
        answers: work.answers,
        reasons: Object.fromEntries(wrong),
        facts: work.facts,
        note: note ?? work.note,
        ...(text && { text }),
    });
}

function post(kind, item, body) {
    const work = workOf(item);
    keep(true);
    const whole = {
        claim: item.claim,
        seen: item.seen,
        ...body,
        seconds: Math.round(work.seconds),
    };
    outbox.add({ claim: item.claim, kind, body: whole, item, at: Date.now() });
    desk.faults.delete(item.claim);
    desk.notices.delete(item.claim);
    // The address named a pair; a reload must not bring it back.
    if (location.search) history.replaceState(null, "", location.pathname);
    advance();
}

export function approve() {
    const item = current();
    const why = desk.lost.has(item.claim) ? ["lost_short", {}] : barrier(item, workOf(item));
    if (why) say(t(...why));
    else send("approve");
}

/** Reject, needs work, second: at once where a reason stands, else the reasons are asked for. */
export function against(decision) {
    const item = current();
    const work = workOf(item);
    if (!item.may[decision]) return say(t("bar_not_yours"));
    if (desk.lost.has(item.claim)) return say(t("lost_short"));
    if (saysWhy(item, work) && !work.back) return send(decision);
    const facts = wrongFacts(item, work).map((fact) => fact.label);
    askWhy({
        title: t(`why_${decision}`),
        hint: t("why_hint"),
        options: itemsOf(item).map((entry) => ({
            label: entry.text,
            entry,
            chosen: work.answers[entry.id] === false,
        })),
        note: work.note || (facts.length ? t("facts_wrong", { facts: facts.join(", ") }) : ""),
        confirm: t(decision),
        done: ({ chosen, note }) => because(decision, work, chosen, note),
    });
}

function because(decision, work, chosen, note) {
    if (!chosen.length && !note) return t("why_missing");
    for (const { entry } of chosen) {
        work.answers[entry.id] = false;
        // The item itself is the reason where nobody wrote one.
        work.reasons[entry.id] ||= t("not_met", { item: entry.text });
    }
    work.note = note;
    send(decision);
    return null;
}

export function skip() {
    askWhy({
        title: t("why_skip"),
        hint: t("skip_hint"),
        options: SKIPS.map((name) => ({ label: t(name) })),
        single: true,
        confirm: t("skip"),
        done: ({ chosen, note }) => {
            const reason = chosen[0]?.label ?? note;
            if (!reason) return t("why_missing");
            send("skip", { note: reason });
            return null;
        },
    });
}

/** The text in the editor becomes the pair's, for somebody else to approve. */
export function save() {
    const item = current();
    const work = workOf(item);
    if (!isChanged(item, work.edit)) return say(t("no_change"));
    if (desk.lost.has(item.claim)) return say(t("lost_short"));
    send("edit", { text: textOf(item, work) });
}

const textOf = (item, work) => ({
    question: asGiven(work.edit.question, item.question),
    answer: asGiven(work.edit.answer, item.answer),
    why: work.edit.why.trim(),
});

export function correct() {
    const item = current();
    if (!item.may.correct) return say(t("bar_not_yours"));
    askCorrection((form) => {
        if (!form.right_answer.trim() || form.right_answer === item.answer)
            return t("correct_same");
        if (!form.why_wrong.trim()) return t("correct_why");
        post("correct", item, { ...form, right_answer: asGiven(form.right_answer, item.answer) });
        return null;
    });
}

/** Back to what was decided last: from the queue where it did not leave, else from the hub. */
export async function undo() {
    const waiting = outbox.withdraw(outbox.entries.at(-1)?.claim);
    if (waiting) {
        bringBack(waiting.item);
        return say(t("undone"));
    }
    const { undo: last } = desk;
    if (!last) return say(t("nothing_to_undo"));
    desk.undo = null;
    drawAround();
    const answer = await net.post("undo", { claim: last.claim });
    if (answer.status !== 200) {
        // Not reached: it may be asked again; too late is for good.
        if (answer.status === 0 || answer.status >= 500) desk.undo = last;
        drawAround();
        return say(answer.body.message || t("not_undone"));
    }
    bringBack(answer.body.item);
    say(answer.body.message || t("undone"));
}

whenAnswered((entry, { status, body }) => {
    if (status === 200) done(entry, body);
    else if (status === 422) refused(entry, body);
    else if (body.problem === "stale" && body.item) stale(entry, body);
    else over(entry, body);
});

function done(entry, { done: what, next, progress }) {
    settle(entry.item);
    if (what.undo) speak(what.message);
    else say(what.message);
    desk.undo = what.undo
        ? {
              claim: what.claim,
              message: what.message,
              until: Date.now() + config.undo_seconds * 1000,
          }
        : null;
    took({ next, progress });
    topUp();
}

/** The hub found something missing: the item comes back with it marked. */
function refused(entry, body) {
    desk.faults.set(entry.claim, { message: body.message, fields: body.fields ?? {} });
    bringBack(entry.item);
    say(body.message);
}

/** Somebody changed the text meanwhile: the new one is shown, with the reviewer's own to take. */
function stale(entry, body) {
    const own = ownText(entry);
    settle(entry.item);
    desk.notices.set(body.item.claim, { message: body.message, own });
    bringBack(body.item);
    say(body.message);
}

/** Gone, decided elsewhere, or somebody else has it: told, and a text is kept to be offered. */
function over(entry, body) {
    const own = ownText(entry);
    const message = body.message || t("not_taken");
    if (own)
        drafts.keep("lost", [
            ...drafts.list("lost"),
            { ...own, pair: entry.item.pair, seen: entry.item.seen, message },
        ]);
    settle(entry.item);
    say(message);
    if (!current()) show();
    drawAround();
    topUp();
}

/** What the reviewer wrote in place of the pair's text, if anything. */
function ownText({ kind, body, item }) {
    if (kind === "correct")
        return { question: item.question, answer: body.right_answer, why: body.why_wrong };
    return body.text ?? null;
}

/** Offer the text of an item that somebody else has now, or one that was kept. */
export async function offer(at = 0) {
    const item = current();
    const work = item && workOf(item);
    if (item && desk.lost.has(item.claim) && isChanged(item, work.edit)) {
        if (await suggest({ ...textOf(item, work), pair: item.pair, seen: item.seen })) {
            settle(item);
            pass();
        }
        return;
    }
    const kept = drafts.list("lost");
    if (!kept[at]) return say(t("nothing_to_offer"));
    if (await suggest(kept[at])) dropKept(at);
}

async function suggest({ pair, seen, question, answer, why }) {
    const told = await net.post("suggest", { pair, seen, question, answer, why });
    say(told.body.message || t(told.status === 200 ? "offered" : "not_offered"));
    return told.status === 200;
}

export function dropKept(at = 0) {
    drafts.keep(
        "lost",
        drafts.list("lost").filter((_, index) => index !== at),
    );
    drawAround();
}

/** Leave an item that somebody else has now. */
export function pass() {
    advance();
    again();
}

/** Take a suggestion, or the own text after somebody changed the pair's, into the editor. */
export function take(at = 0) {
    const item = current();
    const told = desk.notices.get(item.claim);
    const text = told?.own ?? item.suggestions[at];
    if (!text) return say(t("nothing_to_take"));
    if (!item.may.edit) return say(t("bar_not_yours"));
    const work = workOf(item);
    if (isChanged(item, work.edit) && work.edit.answer !== text.answer)
        return say(t("bar_unsaved"));
    work.edit = { question: text.question, answer: text.answer, why: text.why ?? "" };
    if (told) told.own = null;
    desk.editing = true;
    redraw({ text: true });
    document.getElementById("edit-answer").focus();
}
