// The items that this page holds claims of: showing the first, having the second ready.

import { ahead, drawBeside } from "./beside.js";
import { drawBanner, drawProgress, drawTime, drawUndo } from "./bar.js";
import { $, isWide, keepingFocus } from "./dom.js";
import { isAway } from "./net.js";
import { drawPanel } from "./panel.js";
import { Outbox } from "./queue.js";
import { config, current, desk, drafts, forget, keep, net, say, t, workOf } from "./state.js";
import { drawText, showFact } from "./view.js";

export const outbox = new Outbox(net, drafts, {
    holding: (entry) => holding().filter((claim) => claim !== entry.claim),
    answered: (entry, answer) => answered(entry, answer),
    changed: () => drawAround(),
});
// What is told of an answer of the hub; set by decide.js, which knows decisions.
let answered = () => {};
export const whenAnswered = (listener) => (answered = listener);

/** Claims that the hub must not give out again: what is shown, ready, or on its way. */
export const holding = () => [...desk.line.map((item) => item.claim), ...outbox.claims()];

/** An item from the hub; false where it is known or already decided here. */
export function accept(item, place = desk.line.length) {
    if (!item || desk.line.some((one) => one.pair === item.pair) || outbox.has(item)) return false;
    item.until = performance.now() + item.seconds_left * 1000;
    desk.lost.delete(item.claim);
    desk.line.splice(place, 0, item);
    ahead(item);
    return true;
}

/** An item that comes back (undone, refused, changed): at once where the current one was not begun,
 *  else after it. */
export function bringBack(item) {
    desk.line = desk.line.filter((one) => one.pair !== item.pair);
    // Whoever comes back to it is asked anew for the reasons, with the first ones filled in.
    workOf(item).back = true;
    const work = current() && workOf(current());
    const begun =
        work &&
        (Object.keys(work.answers).length ||
            Object.keys(work.facts).length ||
            work.edit ||
            work.note);
    accept(item, begun ? 1 : 0);
    if (!begun) show();
    return !begun;
}

/** The current item leaves the screen, and the next one is there within the same frame. */
export function advance() {
    keep(true);
    desk.line.shift();
    show();
    topUp();
}

/** Draw the first of the line from the beginning. */
export function show() {
    const item = current();
    desk.fact = null;
    desk.historyOpen = false;
    desk.editing = false;
    $("hint").classList.remove("fresh");
    document.body.dataset.state = item
        ? "item"
        : desk.exhausted && !outbox.entries.length
          ? "empty"
          : "waiting";
    drawAround();
    if (!item) return;
    // A field that had the focus is gone: keys go to the page, and a screen reader to the text.
    $("text").scrollTop = 0;
    if (!isWide()) scrollTo(0, 0);
    drawText();
    drawPanel();
    drawBeside();
    $("text").focus({ preventScroll: true });
    $("panel").scrollTop = 0;
    if (isWide()) showFact();
}

/** The same item after something changed; `text` where the reading side changes, too. */
export function redraw({ text = false } = {}) {
    if (!current()) return;
    keepingFocus(() => {
        if (text) drawText();
        drawPanel();
    });
    keep();
}

export function drawAround() {
    drawProgress();
    drawTime();
    drawUndo();
    drawBanner(outbox, drafts.list("lost"));
}

/** Have one on the screen and one ready. */
export async function topUp() {
    if (
        desk.paused ||
        desk.asking ||
        desk.exhausted ||
        desk.line.length > 1 ||
        outbox.entries.length
    )
        return;
    desk.asking = true;
    const answer = await net.post("next", { holding: holding() });
    desk.asking = false;
    if (answer.status !== 200) return stuck(answer.status);
    outbox.calm();
    took(answer.body);
    if (desk.line.length === 1 && !desk.exhausted) topUp();
}

/** The next item and the progress that came with an answer. */
export function took({ next, progress }) {
    if (progress) desk.progress = progress;
    const empty = !current();
    if (!accept(next)) desk.exhausted = !next;
    if (empty) show();
    else drawAround();
}

function stuck(status) {
    if (status === 401) outbox.state = "login";
    else if (status === 403) outbox.state = "forbidden";
    else if (isAway(status)) {
        outbox.state = "away";
        // With something to send, its own tries go on.
        if (!outbox.entries.length) setTimeout(again, 5000);
    }
    drawAround();
}

/** Look again: after a log-in in another tab, when the line is back, when somebody asks. */
export async function again() {
    if (desk.paused) return;
    if (["login", "forbidden"].includes(outbox.state) && !(await welcome())) return;
    desk.exhausted = false;
    if (outbox.entries.length) return outbox.again();
    if (current()) await renew(true);
    await topUp();
    if (!current()) show();
}

/** Whether the session is good again; another person's page starts from the beginning. */
async function welcome() {
    const answer = await net.get("state");
    if (answer.status !== 200) return stuck(answer.status);
    if (answer.body.user !== config.user) location.reload();
    net.csrf = answer.body.csrf;
    desk.progress = answer.body.progress;
    outbox.calm();
    return true;
}

/** Tell the hub that somebody works here; learn what is left of each lease. */
export async function renew(active) {
    const claims = desk.line.map((item) => item.claim);
    if (!claims.length || desk.paused) return;
    const answer = await net.post("renew", { claims, active });
    if (answer.status !== 200) return stuck(answer.status);
    outbox.calm();
    for (const item of desk.line) {
        const left = answer.body.left[item.claim];
        if (left === null) desk.lost.add(item.claim);
        else if (left !== undefined) item.until = performance.now() + left * 1000;
    }
    dropLost();
}

function dropLost() {
    const item = current();
    // One that nobody has seen yet goes without a word.
    desk.line = desk.line.filter((one) => one === item || !desk.lost.has(one.claim));
    if (item && desk.lost.has(item.claim)) {
        say(t("lost"));
        redraw();
    }
    drawAround();
    topUp();
}

/** What the reviewer did on an item is no longer needed here, but for a moment for undoing. */
export function settle(item) {
    drafts.decided(item, workOf(item));
    desk.faults.delete(item.claim);
    desk.notices.delete(item.claim);
    forget(item);
}
