// <feedback-thumbs>: a vote on one answer of an assistant. How to use it: docs/widget.md.

// The hub that serves this file takes the votes, unless the attribute `hub` says otherwise.
const HUB = new URL("../..", import.meta.url).href;
const TIMEOUT = 15_000;
const LONGEST_WAIT = 60_000;
const NOTES = { sending: "sending", up: "thanks", down: "thanks", voted: "voted", failed: "failed" };

const WORDS = {
    id: {
        group: "Apakah jawaban ini membantu?",
        up: "Membantu",
        down: "Tidak membantu",
        sending: "Mengirim…",
        thanks: "Terima kasih",
        voted: "Jawaban ini sudah dinilai",
        failed: "Gagal terkirim.",
        late: "Waktu untuk menilai sudah habis",
        refused: "Penilaian tidak dapat diterima",
        retry: "Coba lagi",
        good: "Komentar (opsional)",
        bad: "Apa yang kurang tepat? (opsional)",
        send: "Kirim",
        skip: "Kirim tanpa komentar",
    },
    en: {
        group: "Was this answer helpful?",
        up: "Helpful",
        down: "Not helpful",
        sending: "Sending…",
        thanks: "Thank you",
        voted: "This answer already has a vote",
        failed: "Not sent.",
        late: "The time to vote is over",
        refused: "The vote was not accepted",
        retry: "Try again",
        good: "Comment (optional)",
        bad: "What was wrong? (optional)",
        send: "Send",
        skip: "Send without comment",
    },
    it: {
        group: "Questa risposta è stata utile?",
        up: "Utile",
        down: "Non utile",
        sending: "Invio in corso…",
        thanks: "Grazie",
        voted: "Questa risposta ha già un voto",
        failed: "Invio non riuscito.",
        late: "Il tempo per votare è scaduto",
        refused: "Il voto non è stato accettato",
        retry: "Riprova",
        good: "Commento (facoltativo)",
        bad: "Che cosa non va? (facoltativo)",
        send: "Invia",
        skip: "Invia senza commento",
    },
};

// A constructed sheet: a strict CSP forbids inline styles, but not this.
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
:host { display: inline-block; max-width: 100%; vertical-align: middle; line-height: 1.4; }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
[role=group] {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--feedback-gap, .25em);
}
button, textarea {
    font: inherit;
    color: inherit;
    background: none;
    border: 1px solid transparent;
    border-radius: var(--feedback-radius, .5em);
}
button { cursor: pointer; padding: .25em .75em; }
:focus-visible { outline: 2px solid var(--feedback-focus, currentColor); outline-offset: 2px; }
textarea:focus-visible { outline-offset: -1px; }
.thumb {
    display: grid;
    place-items: center;
    width: var(--feedback-size, 2.25em);
    height: var(--feedback-size, 2.25em);
    padding: 0;
    color: var(--feedback-color, color-mix(in srgb, currentColor 72%, transparent));
}
svg { width: 100%; padding: 22%; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round; }
.up[aria-pressed=true] { color: var(--feedback-up, #12875d); }
.down[aria-pressed=true] { color: var(--feedback-down, #cf4a30); }
[aria-pressed=true] svg { fill: currentColor; }
[aria-disabled=true] { cursor: default; }
[aria-pressed=false][aria-disabled=true] { opacity: .45; }
button:not([aria-disabled=true]):hover {
    background: color-mix(in srgb, currentColor 12%, transparent);
}
:host([state=sending]) [aria-pressed=true] { animation: pulse 1s ease-in-out infinite alternate; }
@keyframes pulse { to { opacity: .35; } }
[role=status] { padding-inline: .375em; font-size: .875em; }
[role=status]:empty { padding: 0; }
:host([state=sending]) [role=status] {
    position: absolute;
    width: 1px;
    overflow: hidden;
    white-space: nowrap;
    clip-path: inset(50%);
}
.retry { font-size: .875em; text-decoration: underline; text-underline-offset: .2em; }
/* Of the window, not of its surroundings: a flex or grid item would grow for it. */
.box { width: min(30em, 100vw - 6rem); max-width: 100%; margin-top: .75em; font-size: .875em; }
textarea {
    display: block;
    width: 100%;
    margin: .25em 0 .5em;
    padding: .5em .625em;
    resize: vertical;
}
textarea, .send, .skip { border-color: color-mix(in srgb, currentColor 50%, transparent); }
.skip { border-color: transparent; }
.send { font-weight: 600; margin-inline-end: .25em; }
@media (pointer: coarse) {
    button { min-width: 44px; min-height: 44px; }
    textarea { font-size: max(16px, 1em); }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
@media (forced-colors: active) {
    button[aria-pressed=true] { color: Highlight; }
    [aria-pressed=false][aria-disabled=true] { color: GrayText; opacity: 1; }
}
`);

const SVG = "http://www.w3.org/2000/svg";
const HAND =
    "M3 10.5h4v10H3zM7 10.5l3.7-7.1c.3-.6.8-.9 1.4-.9 1.3 0 2.2 1.1 2 2.4L13.5 9h5.2" +
    "c1.6 0 2.7 1.5 2.3 3l-1.6 6.3c-.3 1.3-1.4 2.2-2.8 2.2H7z";

const set = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
};

const make = (tag, part, ...children) => {
    const made = document.createElement(tag);
    made.part = made.className = part;
    made.append(...children);
    return made;
};

const button = (part, onclick, ...children) => {
    const made = make("button", part, ...children);
    made.type = "button";
    made.addEventListener("click", onclick);
    return made;
};

const icon = (upsideDown) => {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    set(svg, { viewBox: "0 0 24 24", "aria-hidden": true });
    set(path, { d: HAND });
    if (upsideDown) set(path, { transform: "matrix(1 0 0 -1 0 24)" });
    // The tooltip: a title of the button's own would be read out after the same name.
    svg.append(document.createElementNS(SVG, "title"), path);
    return svg;
};

class FeedbackThumbs extends HTMLElement {
    static observedAttributes = ["request-id", "token", "lang"];

    #begun = false;
    #state = "idle";
    #vote = null; // what was chosen, as the hub wants it
    #asking = false; // the comment's box is open
    #note = ""; // the word that the status line shows
    #final = false; // failed, and trying again would not help
    #notBefore = 0; // when the hub wants to be asked again
    #run = 0; // tells an answer that came too late from the awaited one

    #up = button("thumb up", (event) => this.#choose(true, event), icon(false));
    #down = button("thumb down", (event) => this.#choose(false, event), icon(true));
    #status = make("span", "status");
    #retry = button("retry", () => this.#send());
    #label = make("span", "label");
    #text = make("textarea", "comment");
    #submit = button("send", () => this.#send(this.#text.value.trim()));
    #skip = button("skip", () => this.#send());
    #question = make("label", "question", this.#label, this.#text);
    #box = make("div", "box", this.#question, this.#submit, this.#skip);
    #group = make("div", "group", this.#up, this.#down, this.#status, this.#retry);

    constructor() {
        super();
        set(this.#group, { role: "group" });
        set(this.#status, { role: "status" });
        set(this.#text, { rows: 3, maxlength: 4000 });
        const root = this.attachShadow({ mode: "open" });
        root.adoptedStyleSheets = [STYLE];
        root.append(this.#group, this.#box);
        root.addEventListener("keydown", (event) => this.#escape(event));
    }

    get state() {
        return this.#state;
    }

    connectedCallback() {
        // A page that knows of an earlier vote says so from the start.
        const given = this.getAttribute("state");
        if (!this.#begun && Object.hasOwn(NOTES, given)) {
            this.#state = given;
            this.#note = NOTES[given];
            this.#vote = { is_positive: given !== "down" };
        }
        this.#begun = true;
        this.#paint();
    }

    attributeChangedCallback(name, before, now) {
        if (before === now) return;
        if (name === "request-id") this.#reset();
        if (this.#begun) this.#paint();
    }

    #reset() {
        this.#run++;
        this.#state = "idle";
        this.#vote = null;
        this.#note = this.#text.value = "";
        this.#asking = this.#final = false;
        this.#notBefore = 0;
    }

    get #language() {
        let place = this;
        while (place && !place.closest("[lang]")) place = place.getRootNode().host;
        const tag = place?.closest("[lang]").getAttribute("lang") ?? "";
        const language = tag.toLowerCase().split("-")[0];
        return Object.hasOwn(WORDS, language) ? language : "id";
    }

    get #open() {
        const waiting = this.#state === "idle" || (this.#state === "failed" && !this.#final);
        return waiting && this.getAttribute("request-id") && this.getAttribute("token");
    }

    #choose(isPositive, event) {
        if (!this.#open) return;
        if (this.#asking && this.#vote.is_positive === isPositive) {
            // The second half of a double click takes nothing back.
            if (event.detail < 2) this.#cancel();
            return;
        }
        this.#vote = { is_positive: isPositive };
        const segment = this.getAttribute("segment");
        if (segment) this.#vote.segment = segment;
        if (!this.hasAttribute("comment")) return this.#send();
        this.#asking = true;
        this.#state = "idle";
        this.#note = "";
        this.#paint();
        this.#text.focus();
    }

    #escape(event) {
        if (event.key !== "Escape" || !this.#asking) return;
        // A dialog around it stays open.
        event.preventDefault();
        event.stopPropagation();
        this.#cancel();
    }

    #cancel() {
        this.#chosen.focus();
        this.#asking = false;
        this.#vote = null;
        this.#paint();
    }

    get #chosen() {
        return this.#vote.is_positive ? this.#up : this.#down;
    }

    async #send(comment) {
        if (comment) this.#vote.comment = comment;
        // What had the focus is about to go.
        if (this.shadowRoot.activeElement) this.#chosen.focus();
        const run = ++this.#run;
        this.#move("sending");
        const answer = await this.#post();
        if (run !== this.#run) return;
        const { status = 0 } = answer ?? {};
        if (answer?.ok) return this.#move(this.#vote.is_positive ? "up" : "down");
        if (status === 409) return this.#move("voted");
        this.#final = status >= 400 && status < 500 && status !== 408 && status !== 429;
        const wait = Number(answer?.headers.get("Retry-After")) * 1000 || 0;
        this.#notBefore = Date.now() + Math.min(wait, LONGEST_WAIT);
        this.#move("failed", status === 410 ? "late" : this.#final ? "refused" : "failed");
    }

    // The hub's answer, or nothing where none came. The same vote twice is one vote to the hub.
    async #post() {
        const hub = (this.getAttribute("hub") || HUB).replace(/\/+$/, "");
        const id = encodeURIComponent(this.getAttribute("request-id"));
        const headers = {
            Authorization: `Bearer ${this.getAttribute("token")}`,
            "Content-Type": "application/json",
        };
        const body = JSON.stringify(this.#vote);
        try {
            const wait = this.#notBefore - Date.now();
            if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
            return await fetch(`${hub}/api/v1/ai/feedback/${id}`, {
                method: "POST",
                headers,
                body,
                credentials: "omit",
                keepalive: true, // a vote outlives the page that it was cast on
                signal: AbortSignal.timeout(TIMEOUT),
            });
        } catch {
            return null;
        }
    }

    #move(state, note = NOTES[state]) {
        this.#state = state;
        this.#note = note;
        this.#asking = false;
        this.#paint();
        const requestId = this.getAttribute("request-id");
        const detail = { state, requestId, isPositive: this.#vote.is_positive };
        this.dispatchEvent(new CustomEvent("feedback", { bubbles: true, composed: true, detail }));
    }

    #paint() {
        const words = WORDS[this.#language];
        const vote = ["failed", "voted"].includes(this.#state) ? null : this.#vote;
        this.setAttribute("state", this.#state);
        this.#group.lang = this.#box.lang = this.#language;
        set(this.#group, { "aria-label": words.group, "aria-busy": this.#state === "sending" });
        for (const [thumb, word, pressed] of [
            [this.#up, words.up, vote?.is_positive === true],
            [this.#down, words.down, vote?.is_positive === false],
        ]) {
            thumb.querySelector("title").textContent = word;
            set(thumb, { "aria-label": word, "aria-pressed": pressed, "aria-disabled": !this.#open });
        }
        this.#status.textContent = words[this.#note] ?? "";
        this.#retry.textContent = words.retry;
        this.#retry.hidden = this.#state !== "failed" || this.#final;
        this.#box.hidden = !this.#asking;
        this.#label.textContent = this.#vote?.is_positive ? words.good : words.bad;
        this.#submit.textContent = words.send;
        this.#skip.textContent = words.skip;
    }
}

// The file may be loaded twice, from two addresses.
if (!customElements.get("feedback-thumbs")) {
    customElements.define("feedback-thumbs", FeedbackThumbs);
}
