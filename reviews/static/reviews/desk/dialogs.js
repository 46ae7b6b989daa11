// Help, the reasons of a verdict, the correction form. Native dialogs: they keep the focus inside,
// and Esc closes them.

import { $, el, kbd } from "./dom.js";
import { actionOf, isPlain, isWriting, numberOf } from "./keys.js";
import { current, keep, t, workOf } from "./state.js";

const HELP = [
    [
        "help_decide",
        [
            ["Y", "help_y"],
            ["X", "help_x"],
            ["1…9 0", "help_digits"],
            ["⇧1…", "help_shift"],
            ["A", "approve"],
            ["N", "needs_work"],
            ["R", "reject"],
            ["D", "help_d"],
        ],
    ],
    [
        "help_text",
        [
            ["E", "help_e"],
            ["Ctrl+Enter", "help_save"],
            ["Esc", "help_esc"],
            ["G", "help_g"],
            ["C", "help_c"],
            ["U", "help_u"],
        ],
    ],
    [
        "help_move",
        [
            ["S", "skip"],
            ["Z", "help_z"],
            ["⌫", "help_back"],
            ["H", "help_h"],
            ["B", "help_b"],
            ["J K ↑ ↓", "help_scroll"],
            ["?", "help_help"],
        ],
    ],
];

export const isOpen = () => Boolean(document.querySelector("dialog[open]"));

export function openHelp() {
    const groups = HELP.map(([title, rows]) =>
        el(
            "section",
            {},
            el("h3", {}, t(title)),
            el(
                "dl",
                {},
                rows.map(([keys, word]) =>
                    el("div", {}, el("dt", {}, keys.split(" ").map(kbd)), el("dd", {}, t(word))),
                ),
            ),
        ),
    );
    $("help-keys").replaceChildren(...groups);
    $("help").showModal();
}

/** Ask why. `options` are [{label, chosen}]; digits pick one, any letter starts the own words.
 *  With `single` a digit is the whole answer. `done({chosen, note})` returns a complaint or null. */
export function askWhy({ title, hint, options, note, single, confirm, done }) {
    const dialog = $("menu");
    const chosen = options.map((option) => Boolean(option.chosen));
    const field = el("textarea", {
        rows: "2",
        id: "menu-note",
        "data-keep": "menu-note",
        dir: "auto",
    });
    field.value = note ?? "";
    const fault = el("p", { class: "fault", role: "alert" });
    const buttons = options.map((option, index) =>
        el(
            "button",
            {
                type: "button",
                class: "option",
                "aria-pressed": String(chosen[index]),
                on: { click: () => pick(index) },
            },
            kbd(index < 10 ? String((index + 1) % 10) : `⇧${(index + 1) % 10}`),
            option.label,
        ),
    );
    const finish = () => {
        const complaint = done({
            chosen: options.filter((_, index) => chosen[index]),
            note: field.value.trim(),
        });
        fault.textContent = complaint ?? "";
        if (!complaint) dialog.close();
    };
    function pick(index) {
        if (!options[index]) return;
        chosen[index] = !chosen[index];
        buttons[index].setAttribute("aria-pressed", String(chosen[index]));
        if (single) finish();
    }
    const ok = el(
        "button",
        { type: "button", class: "small primary", on: { click: finish } },
        confirm,
        kbd("Enter"),
    );
    const leave = el(
        "button",
        { type: "button", class: "small", on: { click: () => dialog.close() } },
        t("cancel"),
        kbd("Esc"),
    );
    dialog.onkeydown = (event) => menuKey(event, { field, ok, leave, pick, finish });
    $("menu-body").replaceChildren(
        el("h2", { id: "menu-title", tabindex: "-1", autofocus: true }, title),
        el("p", { class: "quiet" }, hint),
        el("div", { class: "options", role: "group", "aria-labelledby": "menu-title" }, buttons),
        el("label", { for: "menu-note" }, t("own_words")),
        field,
        fault,
        el("p", { class: "dialog-keys" }, ok, leave),
    );
    dialog.showModal();
}

function menuKey(event, { field, ok, leave, pick, finish }) {
    if (event.key === "Enter" && !event.isComposing && !event.shiftKey) {
        // Enter on a button is that button's; a held Enter is nobody's.
        const own = event.target.closest("button");
        if (own && own !== ok) return;
        event.preventDefault();
        if (!event.repeat) finish();
    } else if (!isWriting(event.target) && isPlain(event)) {
        const number = numberOf(event);
        if (number) {
            event.preventDefault();
            if (!event.repeat) pick(number - 1);
        } else if (event.key.length === 1 && event.key !== " ") {
            // The letter itself then lands in the field.
            field.focus();
        }
    }
}

/** The correction form: what would be right, why this is wrong, what is to be learnt. */
export function askCorrection(done) {
    const item = current();
    const work = workOf(item);
    work.correction ??= {
        right_answer: work.edit?.answer ?? item.answer,
        why_wrong: "",
        lesson: "",
    };
    const kept = work.correction;
    const fault = el("p", { class: "fault", role: "alert" });
    const field = (name, rows) => {
        const node = el("textarea", {
            id: `correct-${name}`,
            rows: String(rows),
            dir: "auto",
            on: {
                input: () => {
                    kept[name] = node.value;
                    keep();
                },
            },
        });
        node.value = kept[name];
        return [el("label", { for: `correct-${name}` }, t(name)), node];
    };
    const finish = () => {
        const complaint = done(kept);
        fault.textContent = complaint ?? "";
        if (!complaint) $("correct").close();
    };
    $("correct").onkeydown = (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
            event.preventDefault();
            finish();
        }
    };
    $("correct-body").replaceChildren(
        el("h2", {}, t("correct_title")),
        el("p", { class: "quiet" }, t("correct_hint")),
        ...field("right_answer", 7),
        ...field("why_wrong", 2),
        ...field("lesson", 2),
        fault,
        el(
            "p",
            { class: "dialog-keys" },
            el(
                "button",
                { type: "button", class: "small primary", on: { click: finish } },
                t("correct_send"),
                kbd("Ctrl+Enter"),
            ),
            el(
                "button",
                { type: "button", class: "small", on: { click: () => $("correct").close() } },
                t("edit_leave"),
                kbd("Esc"),
            ),
        ),
    );
    $("correct").showModal();
    $("correct-why_wrong").focus();
}

/** Any dialog's own cross; `?` closes the help that it opened. */
export function wireDialogs() {
    for (const button of document.querySelectorAll("dialog [data-close]")) {
        button.addEventListener("click", () => button.closest("dialog").close());
    }
    $("help").addEventListener("keydown", (event) => {
        if (actionOf(event)?.name !== "help") return;
        event.preventDefault();
        event.stopPropagation();
        $("help").close();
    });
}
