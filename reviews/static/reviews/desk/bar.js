// Around the item: progress, the claim's time, what waits to be sent, undo.

import { minutes } from "./clock.js";
import { $, el } from "./dom.js";
import { config, current, desk, t } from "./state.js";

const SOON = 120;

export function drawProgress() {
    const { today, target, waiting, waiting_more: more } = desk.progress;
    const number = new Intl.NumberFormat(config.language);
    const queue = more ? `${number.format(waiting)}+` : number.format(waiting);
    const done = target ? `${number.format(today)}/${number.format(target)}` : number.format(today);
    $("today").textContent = t("today", { n: done });
    $("waiting").textContent = t("waiting", { n: queue });
    const bar = $("target");
    bar.hidden = !target;
    if (target) {
        bar.max = target;
        bar.value = Math.min(today, target);
    }
}

/** The lease as the hub last told it; `left` is kept as the moment at which it ends. */
export function drawTime(now = performance.now()) {
    const item = current();
    const node = $("time");
    const left = item ? Math.max(0, (item.until - now) / 1000) : 0;
    node.textContent = item ? minutes(left) : "–:––";
    node.parentElement.classList.toggle("soon", Boolean(item) && left < SOON);
}

/** Lines over the page that stay until what they tell is over: [{text, act, label, key, href}]. */
export function drawBanner(outbox, lostTexts) {
    const lines = [];
    const n = outbox.entries.length;
    if (outbox.state === "away") {
        lines.push({
            text: t(n === 1 ? "away_one" : "away", { n }),
            acts: [["again", t("again")]],
        });
    } else if (outbox.state === "login") {
        const login = new URL(config.urls.login, location.href);
        login.searchParams.set("next", location.pathname + location.search);
        const href = login.pathname + login.search;
        lines.push({
            text: t(n ? "login_pending" : "login", { n }),
            href,
            label: t("login_link"),
            acts: [["again", t("again")]],
        });
    } else if (outbox.state === "forbidden") {
        lines.push({ text: t("forbidden"), acts: [["again", t("again")]] });
    }
    if (n && !outbox.kept) lines.push({ text: t("not_kept"), acts: [] });
    const item = current();
    if (item && desk.lost.has(item.claim)) {
        lines.push({
            text: t("lost"),
            acts: [
                ["offer", t("offer"), "U"],
                ["pass", t("pass")],
            ],
        });
    }
    lostTexts.forEach((one, index) => {
        const text = `${one.message} ${t("lost_text", { n: one.pair })}`;
        lines.push({
            text,
            acts: [
                ["offer_kept", t("offer"), index ? null : "U", index],
                ["drop_kept", t("draft_drop"), null, index],
            ],
        });
    });
    const told = JSON.stringify(lines);
    // Drawn anew only when it says something else: a focused button stays.
    if ($("banner").dataset.told === told) return;
    $("banner").dataset.told = told;
    $("banner").replaceChildren(...lines.map(bannerLine));
}

function bannerLine({ text, href, label, acts }) {
    return el(
        "div",
        { class: "banner-line" },
        el("p", {}, text),
        href && el("a", { class: "small primary", href }, label),
        acts.map(([name, title, key, at]) =>
            el(
                "button",
                {
                    type: "button",
                    class: "small",
                    "data-do": name,
                    "data-at": at === undefined ? null : String(at),
                },
                title,
                key && el("kbd", {}, key),
            ),
        ),
    );
}

export function drawUndo(now = Date.now()) {
    const toast = $("toast");
    const left = desk.undo ? Math.ceil((desk.undo.until - now) / 1000) : 0;
    if (desk.undo && left <= 0) desk.undo = null;
    toast.classList.toggle("shown", Boolean(desk.undo));
    $("undo-left").textContent = desk.undo ? String(left) : "";
    $("undo-text").textContent = desk.undo?.message ?? "";
    $("undo-button").tabIndex = desk.undo ? 0 : -1;
    document
        .querySelector('#other [data-do="undo"]')
        .setAttribute("aria-disabled", String(!desk.undo));
}
