// Seconds that somebody really spent: the tab in view, and something done within the last minute.

const IDLE = 60_000;

export class Clock {
    /** `tick(active)` is called each second. */
    constructor(tick) {
        this.last = performance.now();
        for (const name of [
            "keydown",
            "pointerdown",
            "pointermove",
            "wheel",
            "touchmove",
            "input",
        ]) {
            addEventListener(name, () => this.touch(), { passive: true, capture: true });
        }
        setInterval(() => tick(this.active()), 1000);
    }

    touch() {
        this.last = performance.now();
    }

    active() {
        return document.visibilityState === "visible" && performance.now() - this.last < IDLE;
    }
}

/** Seconds as m:ss. */
export function minutes(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
