// Decisions on their way to the hub: sent one after another, in order, kept until it answered.

import { isAway } from "./net.js";

const WAITS = [1, 2, 4, 8, 16, 30];

export class Outbox {
    /** `holding(entry)` names the claims that the page still has; `answered(entry, answer)` is told
     *  what the hub said of an entry that left; `changed()` that the state or the number did. */
    constructor(net, drafts, { holding, answered, changed }) {
        Object.assign(this, { net, drafts, holding, answered, changed });
        this.reload();
        this.state = "idle";
        this.sending = null;
        this.failures = 0;
        this.timer = null;
        this.kept = true;
    }

    /** What another tab, or this page before a log-in, had left. */
    reload() {
        this.entries = this.drafts.list("outbox");
    }

    claims() {
        return this.entries.map((entry) => entry.claim);
    }

    has(item) {
        return this.entries.some(
            (entry) => entry.item.pair === item.pair && entry.claim === item.claim,
        );
    }

    add(entry) {
        this.entries.push(entry);
        this.store();
        // A state of waiting is no reason to wait with a try.
        if (this.state !== "login") this.flush();
    }

    /** Take back what did not leave yet; null where it is on its way or gone. */
    withdraw(claim) {
        const entry = this.entries.find((one) => one.claim === claim && one !== this.sending);
        if (entry) this.remove(entry);
        return entry ?? null;
    }

    remove(entry) {
        this.entries = this.entries.filter((one) => one !== entry);
        this.store();
    }

    store() {
        // Where the browser keeps nothing, a closed page would lose what was not sent.
        this.kept = this.drafts.keep("outbox", this.entries);
        this.changed();
    }

    async flush() {
        if (this.sending || this.state === "paused") return;
        clearTimeout(this.timer);
        while (this.entries.length && this.state !== "paused") {
            this.sending = this.entries[0];
            const answer = await this.send(this.sending);
            const entry = this.sending;
            this.sending = null;
            if (this.waits(answer)) return;
            this.failures = 0;
            this.state = this.state === "paused" ? "paused" : "idle";
            this.remove(entry);
            this.answered(entry, answer);
        }
        this.changed();
    }

    send(entry) {
        return this.net.post(entry.kind, { ...entry.body, holding: this.holding(entry) });
    }

    waits({ status }) {
        if (status === 401) {
            this.state = "login";
        } else if (isAway(status)) {
            this.state = "away";
            const wait = WAITS[Math.min(this.failures, WAITS.length - 1)];
            this.failures += 1;
            this.timer = setTimeout(() => this.flush(), wait * 1000);
        } else {
            return false;
        }
        this.changed();
        return true;
    }

    /** Now: the line is back, or somebody logged in. */
    again() {
        this.failures = 0;
        return this.flush();
    }

    /** The hub answered something else: nothing stands in the way any more. */
    calm() {
        if (this.state === "idle" || this.state === "paused") return;
        this.state = "idle";
        this.changed();
        this.flush();
    }
}
