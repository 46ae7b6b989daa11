// The review desk: starts here. Keys and clicks become actions (actions.js); see rules.js for what
// may be decided, queue.js for how decisions reach the hub, line.js for the items held.

import { act, fieldKey } from "./actions.js";
import { drawTime, drawUndo } from "./bar.js";
import { Clock } from "./clock.js";
import { isOpen, wireDialogs } from "./dialogs.js";
import { $ } from "./dom.js";
import { actionOf, isWriting } from "./keys.js";
import { accept, again, outbox, renew, show, topUp } from "./line.js";
import { config, current, desk, drafts, first, keep, say, workOf } from "./state.js";
import { Tabs } from "./tabs.js";

const RENEW = 60_000;

function onKey(event) {
    // A dialog that closed on this very key has used it up.
    if (event.defaultPrevented || isOpen()) return;
    if (isWriting(event.target)) return fieldKey(event);
    const action = actionOf(event);
    if (!action) return;
    // Before the action: it may move the focus into a field, where this very letter must not land.
    event.preventDefault();
    act(action.name, { number: action.number });
}

function onClick(event) {
    const button = event.target.closest("[data-do]");
    if (!button || button.closest("dialog:not([open])")) return;
    act(button.dataset.do, { ...button.dataset });
    // A clicked button keeps no focus: Enter or Space must not press it again on the next item.
    if (event.detail && button === document.activeElement) button.blur();
}

let renewed = performance.now();

function onSecond(active) {
    drawTime();
    drawUndo();
    const item = current();
    if (!item || desk.paused) return;
    if (active) {
        const work = workOf(item);
        work.seconds += 1;
        if (Math.round(work.seconds) % 10 === 0) keep();
    }
    const now = performance.now();
    if (active && (now - renewed > RENEW || item.until < now)) {
        if (now - renewed < 5000) return;
        renewed = now;
        renew(true);
    }
}

/** Another tab works here now: this one keeps what it has and touches nothing. */
function pause() {
    keep(true);
    desk.paused = true;
    outbox.state = "paused";
    $("paused").showModal();
}

/** Back to work in this tab. What the other one did is newer than what we remember. */
function resume(tabs) {
    tabs.take();
    location.reload();
}

/** The fonts first, for a moment at most: text that is drawn in another one would jump. */
function fonts() {
    const ours = ["400", "500", "600"].map((weight) => document.fonts.load(`${weight} 16px Inter`));
    return Promise.race([Promise.allSettled(ours), new Promise((late) => setTimeout(late, 500))]);
}

async function start() {
    drafts.prune();
    await fonts();
    wireDialogs();
    const tabs = new Tabs(`desk:${config.user}`, pause);
    $("take-over").addEventListener("click", () => resume(tabs));
    // Esc closes any dialog, but leaves nothing to work on here.
    $("paused").addEventListener("close", () => $("paused").showModal());
    addEventListener("keydown", onKey);
    addEventListener("click", onClick);
    addEventListener("online", again);
    addEventListener("pagehide", () => desk.paused || keep(true));
    addEventListener(
        "beforeunload",
        (event) => outbox.entries.length && !outbox.kept && event.preventDefault(),
    );
    // A page taken out of the browser's cache shows what was true then.
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    addEventListener("focus", comeBack);
    document.addEventListener("visibilitychange", () =>
        document.hidden ? keep(true) : comeBack(),
    );
    new Clock(onSecond);
    accept(first.item);
    accept(first.next);
    desk.exhausted = !first.item && !first.next;
    show();
    say(first.message);
    // Once it is clear that no other tab sends the same.
    setTimeout(() => desk.paused || outbox.flush(), 300);
    topUp();
}

/** On return to the tab: a log-in elsewhere may be done, a lease may be gone. */
function comeBack() {
    if (desk.paused) return;
    if (outbox.state !== "idle") again();
    else if (performance.now() - renewed > 5000) {
        renewed = performance.now();
        renew(true);
    }
}

start();
