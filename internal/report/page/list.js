// Machines as a list: what fits a narrow screen, and paper.

const runsShown = 12;
const paperHolds = 20000; // roles; of more, paper too shows the first of each machine only

// By instance: its name, and the roles in it.
function runs(machine, among, all) {
  const items = [];
  for (const m of machine.memberships) {
    if (among && !among.has(m.instance)) continue;
    const last = items[items.length - 1];
    if (last && last.instance === m.instance) last.roles.push(m.role.name);
    else items.push({ instance: m.instance, roles: [m.role.name] });
  }
  items.sort((a, b) => byName(a.instance, b.instance));
  const alone = (i) => i.instance.roles.length === 1 && i.roles[0] === "default"; // goes without saying
  const item = (i) => h("li", {}, h("a", { href: i.instance.href }, i.instance.name), !alone(i) && [" ", i.roles.map((r) => chip(r))]);
  const first = all ? items.length : runsShown;
  const list = h("ul", { class: "runs" }, items.slice(0, first).map(item));
  if (items.length > first) {
    const more = h("button", { type: "button", class: "more" }, `and ${items.length - first} more`);
    const last = h("li", {}, more);
    more.addEventListener("click", () => { last.replaceWith(...items.slice(first).map(item)); });
    put(list, last);
  }
  return items.length ? list : h("span", { class: "note" }, "nothing");
}

const tagLinks = (names) => names.map((t) => [h("a", { class: "tag", href: fleetHref("tag", t) }, t), " "]);

function machineLink(m) {
  return h("a", { href: m.href, class: worst(m.findings.filter((f) => !f.instance)) + (m.unknown ? " unknown" : "") }, m.name);
}

function list(host, rows, columns, paper) {
  const all = paper && rows.reduce((n, row) => n + row.machines[0].memberships.length, 0) <= paperHolds;
  const among = columns.length === allInstances.length ? null : new Set(columns);
  const body = tbody();
  const row = ({ machines: ms }) => {
    const m = ms[0];
    const name = ms.length === 1 ? [machineLink(m), m.description && h("span", { class: "note line" }, inline(m.description))]
      : lazy(h("span", {}, h("strong", {}, count(ms.length, "machine")), ` ${m.name} … ${ms[ms.length - 1].name}`),
        () => h("p", { class: "many" }, ms.map((x) => [machineLink(x), " "])), paper);
    const kinds = [...new Set(ms.map((x) => x.class))].filter(Boolean);
    return tr(name, td("Class", (classes.length > 1 && kinds.join(", ")) || (m.unknown ? "not in the inventory" : "")),
      td("Tags", tagLinks(shared(ms))), td("Runs", runs(m, among, all)));
  };
  const more = gradually(body, rows, row, 60);
  host.replaceChildren(table("list", "Machines, and what runs there", ["Machine", "Class", "Tags", "Runs"], body), more.button);
  return more;
}
