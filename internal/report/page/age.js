// What the page was made from, and when: of a page that is old people should know.
const day = 24 * 60 * 60 * 1000;
const made = document.querySelector("meta[name=made]");
const minute = (date) => date.toISOString().slice(0, 16).replace("T", " ") + " UTC";

function madeFrom() {
  if (!made && !data.revision) return null;
  return h("p", { class: "made" }, "Made", made && [" on ", h("time", { datetime: made.content }, minute(new Date(made.content)))],
    data.revision && [" from revision ", h("code", {}, data.revision.slice(0, 12)), data.committed && ` of ${minute(new Date(data.committed * 1000))}`, data.changed && " with changes that are not committed"], ".");
}

// age is a page's, in words, once that is worth saying.
function age(now) {
  const days = made ? Math.floor((now - new Date(made.content)) / day) : 0;
  return days > 0 ? `This page is ${count(days, "day")} old: the clan may have changed since.` : "";
}

function watchAge() {
  const note = h("p", { class: "stale", id: "stale", role: "status", hidden: true });
  byId("main").before(note);
  const look = () => {
    const text = age(Date.now());
    note.hidden = !text;
    if (note.textContent !== text) note.textContent = text;
  };
  look();
  setInterval(look, 10 * 60 * 1000);
}
