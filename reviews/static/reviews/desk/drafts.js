// What somebody typed or answered, kept in the browser until the hub has it.

const DAY = 86_400_000;
const OLDEST = 7 * DAY;
// Longer than a decision can be undone.
const DECIDED = 10 * 60_000;

export class Drafts {
    constructor(user, storage = localStorage) {
        this.storage = storage;
        this.prefix = `desk:${user}:`;
    }

    key(item) {
        return `${this.prefix}work:${item.pair}:${item.seen}`;
    }

    load(item) {
        return this.read(this.key(item))?.work ?? null;
    }

    save(item, work) {
        return this.write(this.key(item), { work, at: Date.now() });
    }

    /** Texts of what is decided must not lie about in a browser, but can be undone for a moment. */
    decided(item, work) {
        this.write(this.key(item), { work, at: Date.now(), until: Date.now() + DECIDED });
    }

    list(name) {
        return this.read(this.prefix + name) ?? [];
    }

    keep(name, list) {
        return this.write(this.prefix + name, list);
    }

    prune(now = Date.now()) {
        for (const key of Object.keys(this.storage)) {
            if (!key.startsWith(`${this.prefix}work:`)) continue;
            const kept = this.read(key);
            if (!kept || now > (kept.until ?? kept.at + OLDEST)) this.storage.removeItem(key);
        }
    }

    read(key) {
        try {
            return JSON.parse(this.storage.getItem(key));
        } catch {
            return null;
        }
    }

    /** False where the browser keeps nothing (full, or forbidden): the caller must say so. */
    write(key, value) {
        try {
            this.storage.setItem(key, JSON.stringify(value));
            return true;
        } catch {
            return false;
        }
    }
}
