// What is wrong.

function finding(f) {
  return h("article", { class: "finding " + f.severity },
    h("h2", {}, h("span", { class: "sev" }, f.severity), " ", h("code", {}, f.code)),
    f.place && h("p", { class: "at" }, where(f.place)),
    h("p", { class: "message" }, f.message),
    f.definitions.length > 0 && h("ul", { class: "defs" }, f.definitions.map((d) => definition(d, true))),
    f.hint && h("p", { class: "hint" }, h("strong", {}, "Hint: "), f.hint),
    h("p", { class: "concerns" },
      f.subject && h("code", { class: "subject" }, f.subject),
      f.instance && h("a", { href: f.instance.href }, f.instance.name),
      f.machines.slice(0, 12).map((m) => h("a", { href: m.href }, m.name)),
      f.machines.length > 12 && h("span", { class: "note" }, `and ${count(f.machines.length - 12, "more machine")}`)));
}

// Those of one thing, on its page.
function findingsOf(list) {
  if (!list.length) return null;
  const n = list.filter((f) => f.severity === "error").length;
  const title = [n && count(n, "error"), list.length - n && count(list.length - n, "warning")].filter(Boolean).join(", ");
  const box = h("div", { class: "findings" });
  const more = gradually(box, list, (f) => finding(f), 20);
  return h("section", { "aria-label": "Findings", class: "about-it" }, list.length > 2 ? lazy(h("strong", { class: worst(list) }, title), () => h("div", {}, box, more.button), n > 0) : [box, more.button]);
}

function findingsView(main) {
  const errors = findings.filter((f) => f.severity === "error").length;
  const list = h("div", { class: "findings" });
  const tail = h("div");
  const select = h("select", { id: "severity", onchange: () => { state.severity = select.value; keepAddress(); draw(); } },
    [["", `All (${findings.length})`], ["error", `Errors (${errors})`], ["warning", `Warnings (${findings.length - errors})`]].map(([v, t]) => h("option", { value: v }, t)));
  select.value = state.severity;
  put(main, heading("Findings"), h("div", { class: "tools" }, h("label", { for: "severity" }, "Severity"), select, h("output", { class: "shown", id: "shown" })), list, tail);
  function draw() {
    const wanted = words();
    const shown = findings.filter((f) => (!state.severity || f.severity === state.severity) && wanted.every((w) => f.text.includes(w)));
    list.replaceChildren();
    const more = gradually(list, shown, (f) => finding(f), 100);
    tail.replaceChildren(more.button);
    if (!findings.length) put(list, h("p", { class: "empty" }, "Nothing is wrong with this clan, as far as clanctl can tell."));
    else if (!shown.length) put(list, nothing());
    const text = shown.length === findings.length ? count(findings.length, "finding") : `${shown.length} of ${count(findings.length, "finding")}`;
    byId("shown").textContent = text;
    say(text);
    return more;
  }
  let more = draw();
  return { search: "Search findings", update: () => { more = draw(); }, print: () => more.all() };
}
