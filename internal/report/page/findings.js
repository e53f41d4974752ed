// What is wrong.

// The heading is below the one of a severity or, on the page of one thing, of that.
function finding(f, level = "h3") {
  return h("article", { class: "finding " + f.severity },
    h(level, {}, h("span", { class: "sev" }, f.severity), " ", data.manual ? h("a", { outside: data.manual + f.code, class: "to" }, h("code", {}, f.code)) : h("code", {}, f.code)),
    f.place && h("p", { class: "at" }, where(f.place)),
    h("p", { class: "message" }, inline(f.message)),
    f.definitions.length > 0 && h("ul", { class: "defs" }, f.definitions.map((d) => definition(d, true))),
    f.hint && h("p", { class: "hint" }, h("strong", {}, "Hint: "), inline(f.hint)),
    h("p", { class: "concerns" },
      f.subject && h("code", { class: "subject" }, f.subject),
      f.instance && h("a", { href: f.instance.href }, f.instance.name),
      f.machines.slice(0, 12).map((m) => h("a", { href: m.href }, m.name)),
      f.machines.length > 12 && h("span", { class: "note" }, `and ${count(f.machines.length - 12, "more machine")}`)));
}

// Those of one thing, on its page.
function findingsOf(list) {
  if (!list.length) return null;
  const number = (severity) => list.filter((f) => f.severity === severity).length;
  const title = severities.filter(number).map((s) => count(number(s), s)).join(", ");
  const box = h("div", { class: "findings" });
  const more = gradually(box, list, (f) => finding(f, "h2"), 20);
  return h("section", { "aria-label": "Findings", class: "about-it" }, list.length > 2 ? lazy(h("strong", { class: worst(list) }, title), () => h("div", {}, box, more.button), number("error") > 0) : [box, more.button]);
}

// Findings about a part of the fleet are about its machines, or about instances there.
function findingsChosen() {
  if (!filtered()) return findings;
  const { shown, columns } = chosen(false);
  const machinesIn = new Set(shown), instancesIn = new Set(columns);
  return findings.filter((f) => (f.machines.length ? f.machines.some((m) => machinesIn.has(m)) && (!f.instance || instancesIn.has(f.instance)) : instancesIn.has(f.instance)));
}

function findingsView(main) {
  const number = (severity) => findings.filter((f) => f.severity === severity).length;
  const bar = filterBar(() => { keepAddress(); more = draw(); });
  const list = h("div");
  const select = h("select", { id: "severity", onchange: () => { state.severity = select.value; keepAddress(); more = draw(); } },
    h("option", { value: "" }, `All severities (${findings.length})`), severities.filter(number).map((s) => h("option", { value: s }, `${capital(s)}s (${number(s)})`)));
  if (state.severity && !number(state.severity)) state.severity = "";
  select.value = state.severity;
  put(main, heading("Findings"), h("div", { class: "tools" }, h("label", { for: "severity", class: "hidden" }, "Severity"), select, bar.nodes, h("output", { class: "shown", id: "shown" })), list);
  function draw() {
    const wanted = words();
    bar.draw();
    const shown = findingsChosen().filter((f) => (!state.severity || f.severity === state.severity) && wanted.every((w) => f.text.includes(w)));
    list.replaceChildren();
    const parts = severities.map((s) => shown.filter((f) => f.severity === s)).filter((part) => part.length).map((part) => {
      const box = h("div", { class: "findings" });
      const more = gradually(box, part, (f) => finding(f), 100);
      put(list, h("section", { class: "severity" }, h("h2", {}, count(part.length, part[0].severity)), box, more.button));
      return more;
    });
    if (!findings.length) put(list, h("p", { class: "empty" }, "Nothing is wrong with this clan, as far as clanctl can tell."));
    else if (!shown.length) put(list, nothing());
    const text = shown.length === findings.length ? count(findings.length, "finding") : `${shown.length} of ${count(findings.length, "finding")}`;
    byId("shown").textContent = text;
    say(text);
    return { all: () => parts.forEach((part) => part.all()) };
  }
  let more = draw();
  return { search: "Search findings", update: () => { more = draw(); }, print: () => more.all() };
}
