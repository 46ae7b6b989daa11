// The widget's page: its controls and the last event.
const live = document.getElementById("live");
const control = (id) => document.getElementById(id);
let answers = 0;

const renew = () => {
    answers += 1;
    live.setAttribute("request-id", `00000000-0000-4000-8000-${String(answers).padStart(12, "0")}`);
    control("event").textContent = "–";
};

const adjust = () => {
    live.setAttribute("hub", `try/${control("outcome").value}`);
    live.setAttribute("lang", control("language").value);
    live.toggleAttribute("comment", control("comment").checked);
};

control("again").addEventListener("click", renew);
for (const id of ["outcome", "language", "comment"]) control(id).addEventListener("change", adjust);
live.addEventListener("feedback", ({ detail: { state, isPositive } }) => {
    control("event").textContent = JSON.stringify({ state, isPositive });
});
adjust();
