// One desk at a time in a browser: two would decide on each other's items. BroadcastChannel and not
// navigator.locks, which exists only under https.

export class Tabs {
    /** `pause()` is called when another tab has the desk; until then this one works. */
    constructor(name, pause) {
        this.id = `${Date.now()}-${Math.random()}`;
        this.state = "asking";
        this.pause = pause;
        this.channel = new BroadcastChannel(name);
        this.channel.addEventListener("message", ({ data }) => this.hear(data));
        this.tell("ask");
        // No answer: the desk is free, or its tab was put to sleep and hears of us when it wakes.
        setTimeout(() => this.state === "asking" && this.take(), 200);
    }

    take() {
        this.state = "mine";
        this.tell("taken");
    }

    tell(what) {
        this.channel.postMessage({ what, id: this.id });
    }

    hear({ what, id }) {
        const first = this.state === "mine" || (this.state === "asking" && this.id < id);
        if (what === "ask" && first) this.tell("busy");
        else if ((what === "busy" && this.state === "asking") || what === "taken") {
            if (this.state !== "away") {
                this.state = "away";
                this.pause();
            }
        }
    }
}
