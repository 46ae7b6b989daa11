// Calls of the hub. Every outcome is a value: {status, body}; status 0 is a server that is away.

const PATIENCE = 15_000;

export class Net {
    constructor(config) {
        this.urls = config.urls;
        this.csrf = config.csrf;
        this.user = config.user;
    }

    get(name, query = {}) {
        const parameters = new URLSearchParams(query).toString();
        return this.call(this.urls[name] + (parameters && `?${parameters}`), { method: "GET" });
    }

    async post(name, body) {
        const answer = await this.send(name, body);
        if (answer.status !== 403 || answer.body.problem === "forbidden") return answer;
        // The token of an earlier session, refused before anything was done: a fresh one, and once
        // more. Under another person's session nothing of ours is sent.
        const fresh = await this.get("state");
        if (fresh.status !== 200) return fresh;
        if (fresh.body.user !== this.user) return { status: 401, body: {} };
        this.csrf = fresh.body.csrf;
        return this.send(name, body);
    }

    send(name, body) {
        return this.call(this.urls[name], {
            method: "POST",
            headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
            body: JSON.stringify(body),
        });
    }

    async call(url, options) {
        let response;
        try {
            response = await fetch(url, {
                ...options,
                headers: { Accept: "application/json", ...options.headers },
                credentials: "same-origin",
                // A page that sends us to the log-in says that the session is over.
                redirect: "manual",
                signal: AbortSignal.timeout(PATIENCE),
            });
            if (response.type === "opaqueredirect") return { status: 401, body: {} };
            return { status: response.status, body: await bodyOf(response) };
        } catch {
            return { status: 0, body: {} };
        }
    }
}

/** A proxy that speaks for a server which is away answers with a page. */
async function bodyOf(response) {
    const json = response.headers.get("Content-Type")?.includes("json");
    if (!json && response.ok) throw new TypeError("not an answer of the hub");
    return json ? response.json() : {};
}

/** Nothing was decided on the other side, and the same call may be right later. */
export const isAway = (status) => status === 0 || status === 429 || status >= 500;
