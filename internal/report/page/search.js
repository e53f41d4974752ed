// Search over everything: machines, instances, tags, findings, and settings with their values.

// settingsFound are settings that words fit, each once for all who share it.
function settingsFound(wanted) {
  if (!wanted.some((w) => w.length >= shortestInSettings)) return [];
  const fits = data.rows.map((row) => wanted.every((w) => rowText(row).includes(w)));
  if (!fits.includes(true)) return [];
  const found = new Map();
  const { shown, columns } = chosen(false);
  const among = new Set(columns);
  for (const m of shown) {
    for (const x of m.memberships) {
      if (x.block < 0 || !among.has(x.instance)) continue;
      for (const i of data.blocks[x.block]) {
        if (!fits[i]) continue;
        const key = x.instance.index + "." + x.role.at + "." + i;
        if (!found.has(key)) found.set(key, { row: data.rows[i], role: x.role, machines: [] });
        found.get(key).machines.push(m);
      }
    }
  }
  return [...found.values()];
}

// found is what fits words, by kind.
function found() {
  const wanted = words();
  const all = (text) => wanted.every((w) => text.includes(w));
  const { shown, columns } = chosen(false);
  return {
    machines: shown.filter((m) => all(m.text)),
    instances: columns.filter((i) => all(i.text + (i.service ? "\n" + i.service.text : ""))),
    tags: tags.filter((t) => all("@" + t.toLowerCase())),
    settings: settingsFound(wanted),
    findings: findingsChosen().filter((f) => all(f.text)),
  };
}

// foundElsewhere says, on the page of the fleet, what else there is.
function foundElsewhere() {
  if (!words().length) return [];
  const f = found();
  const parts = [f.tags.length && count(f.tags.length, "tag"), f.settings.length && count(f.settings.length, "setting"), f.findings.length && count(f.findings.length, "finding")].filter(Boolean);
  return parts.length ? [h("a", { href: "#/search?q=" + encodeURIComponent(state.q) }, "Also found: " + parts.join(", "))] : [];
}

function settingFound({ row, role, machines: ms }) {
  const one = ms[0].href + "?" + new URLSearchParams({ q: row.k, at: role.instance.name });
  return tr(h("a", { href: one }, h("code", {}, row.k ? dotted(row.k) : "(all)")),
    td("Value", row.v === undefined ? h("span", { class: "bad" }, "does not evaluate") : value(row.v), " ", h("div", {}, origin(row, role.options && role.options[row.o]))),
    td("Of", h("a", { href: role.instance.href }, role.instance.name), " ", chip(role.name), h("span", { class: "line" }, ms.length > 3 ? count(ms.length, "machine") : ms.map((m) => [machineLink(m), " "]))));
}

function searchView(main) {
  const bar = filterBar(() => { keepAddress(); draw(); });
  const host = h("div", { class: "results" });
  put(main, heading("Search"), h("div", { class: "tools" }, bar.nodes, h("output", { class: "shown", id: "shown" })), host);
  let parts = [];
  function draw() {
    bar.draw();
    host.replaceChildren();
    parts = [];
    const f = words().length ? found() : { machines: [], instances: [], tags: [], settings: [], findings: [] };
    const part = (title, list, box, make, bunch) => {
      if (!list.length) return;
      const more = gradually(box.querySelector("tbody") || box, list, make, bunch);
      parts.push(more);
      put(host, h("section", { class: "card" }, h("h2", {}, title, " ", h("span", { class: "note" }, list.length.toLocaleString("en"))), box, more.button));
    };
    part("Machines", f.machines, h("ul", { class: "runs" }), (m) => h("li", {}, machineLink(m), " ", tagLinks(m.telling)), 60);
    part("Instances", f.instances, h("ul", { class: "runs" }), (i) => h("li", {}, h("a", { href: i.href }, i.name), " ", h("span", { class: "note" }, serviceText(i.service))), 60);
    part("Tags", f.tags, h("ul", { class: "runs" }), (t) => h("li", {}, tagLinks([t]), h("span", { class: "note" }, count(carried.get(t) || 0, "machine"))), 60);
    part("Settings", f.settings, table("settings", "Settings", ["Setting", "Value", "Of"], tbody()), settingFound, 40);
    part("Findings", f.findings, h("div", { class: "findings" }), (f) => finding(f), 20);
    const n = Object.values(f).reduce((sum, list) => sum + list.length, 0);
    if (!words().length) put(host, h("p", { class: "empty" }, "Type what to look for: names, tags, settings, values, places in files."));
    else if (!n) put(host, nothing());
    byId("shown").textContent = words().length ? count(n, "result") : "";
    say(byId("shown").textContent);
  }
  draw();
  return { search: "Search everything", title: "Search", update: draw, print: () => parts.forEach((p) => p.all()) };
}
