// What may be decided now, and why not. Pure; the server holds the same rules and has the last word.

/** A reviewer's work on one item, as it is kept in the browser. */
export const blank = () => ({
    answers: {},
    reasons: {},
    facts: {},
    note: "",
    edit: null,
    correction: null,
    seconds: 0,
});

export const itemsOf = (item) => item.checklist?.parts.flatMap((part) => part.items) ?? [];

export const openFact = (item, work) =>
    item.facts.find((fact) => !(fact.key in work.facts)) ?? null;
export const wrongFacts = (item, work) =>
    item.facts.filter((fact) => work.facts[fact.key] === false);
export const wrongItems = (item, work) =>
    itemsOf(item).filter((entry) => work.answers[entry.id] === false);
export const openItems = (item, work) =>
    itemsOf(item).filter((entry) => !(entry.id in work.answers));
/** Without these nothing is approved; the others may stay open. */
export const needed = (item, work) => openItems(item, work).filter((entry) => entry.required);

const said = (text) => Boolean(text?.trim());
export const reasonless = (item, work) =>
    wrongItems(item, work).filter((entry) => !said(work.reasons[entry.id]));

/** Whether the verdict says why: a note, or a reason for each wrong item. */
export function saysWhy(item, work) {
    if (said(work.note)) return true;
    return wrongItems(item, work).length > 0 && !reasonless(item, work).length;
}

/** The step that a reviewer is at: "facts", "checklist" or "decide". */
export function stepOf(item, work) {
    if (openFact(item, work)) return "facts";
    return needed(item, work).length ? "checklist" : "decide";
}

/** A text in the editor that differs from the item's and was not saved. */
export const isChanged = (item, edit) =>
    Boolean(edit) && (differs(edit.question, item.question) || differs(edit.answer, item.answer));

/** A text field turns every line end into \n: that alone is no change. */
export const lines = (text) => text.replace(/\r\n?/g, "\n");
const differs = (written, given) => lines(written) !== lines(given);

/** What was written, with the line ends that came in; untouched text exactly as it came. */
export function asGiven(written, given) {
    if (!differs(written, given)) return given;
    const windows = given.includes("\r\n") && !/(^|[^\r])\n/.test(given);
    return windows ? lines(written).replace(/\n/g, "\r\n") : written;
}

/** Why the pair can't be approved now: the name of a text and what goes into it; null if it can. */
export function barrier(item, work) {
    if (item.own_text) return ["bar_own", {}];
    if (!item.may.approve) return ["bar_may", {}];
    if (isChanged(item, work.edit)) return ["bar_unsaved", {}];
    const fact = openFact(item, work);
    if (fact) return ["bar_facts", { n: item.facts.length - Object.keys(work.facts).length }];
    const wrong = wrongFacts(item, work)[0];
    if (wrong) return ["bar_fact_wrong", { fact: wrong.label }];
    const untrue = wrongItems(item, work).find((entry) => entry.accuracy);
    if (untrue) return ["bar_accuracy", { n: untrue.number }];
    const open = needed(item, work);
    if (open.length) return ["bar_open", { n: open.length }];
    const mute = said(work.note) ? null : reasonless(item, work)[0];
    return mute ? ["bar_reason", { n: mute.number }] : null;
}
