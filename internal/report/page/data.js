// What Go wrote, with its indices resolved. See model.go for what the short names mean.
const data = JSON.parse(isProbe ? '{"files":[],"tags":[],"machines":[],"services":[],"instances":[],"options":[],"rows":[],"blocks":[],"findings":[],"colours":{}}' : byId("data").textContent);
const collator = new Intl.Collator("en", { numeric: true });
const byName = (a, b) => collator.compare(a.name, b.name);

// The directory that all of the clan's own files are in is said once, and not at each place. Others are "<input>/file".
const commonDir = (() => {
  const own = data.files.filter((f) => !f.startsWith("<")).map((f) => f.split("/").slice(0, -1));
  let n = own.length ? Math.min(...own.map((d) => d.length)) : 0;
  while (n > 0 && !own.every((d) => d.slice(0, n).join("/") === own[0].slice(0, n).join("/"))) n--;
  return n ? own[0].slice(0, n).join("/") + "/" : "";
})();
const fileName = (f) => (f.startsWith("<") ? f : f.slice(commonDir.length));
// Where places lead, by their texts.
const linkOf = new Map();
function place(p) {
  if (!p) return "";
  const text = [fileName(data.files[p[0]]), ...p.slice(1)].join(":");
  const link = data.links && data.links[p[0]];
  if (link) linkOf.set(text, link.replaceAll("{line}", p[1] || 1).replaceAll("{column}", p[2] || 1));
  return text;
}

const services = data.services.map((s, index) => ({ index, name: s.n, input: s.i, description: s.d, categories: s.c || [], instances: [] }));

const machines = data.machines.map((m, index) => ({
  index, name: m.n, class: m.c || "", tags: (m.t || []).map((t) => data.tags[t]), description: m.d || "", deploy: m.deploy || {},
  installed: m.installed, place: place(m.p), unknown: !!m.x, memberships: [], findings: [], key: "",
  href: "#/machine/" + encodeURIComponent(m.n),
}));

const instances = data.instances.map((i, index) => {
  const service = services[i.s] || null;
  const instance = { index, name: i.n, service, place: place(i.p), roles: [], findings: [], members: new Set(), widest: 1,
    href: "#/instance/" + encodeURIComponent(i.n) };
  if (service) service.instances.push(instance);
  instance.roles = (i.r || []).map((r, at) => ({
    at, instance, name: r.n, description: r.d, place: place(r.p), tags: (r.t || []).map((t) => ({ name: data.tags[t.t], place: place(t.p) })),
    extraModules: r.x || 0, settingsFrom: r.f, options: data.options[r.o] || null, groups: r.g || [], size: 0, findings: [],
  }));
  return instance;
});

// A membership is a machine in a role, for a reason and with settings.
for (const instance of instances) {
  for (const role of instance.roles) {
    for (const group of role.groups) {
      const tags = (group.t || []).map((t) => role.tags.find((tag) => tag.name === data.tags[t]));
      let at = 0;
      for (let run = 0; run < group.m.length; run += 2) {
        for (let i = group.m[run]; i < group.m[run] + group.m[run + 1]; i++) {
          machines[i].memberships.push({ machine: machines[i], instance, role, block: group.b, tags, explicit: !!group.e, place: group.e ? place(group.p[at]) : "" });
          instance.members.add(i);
          role.size++;
          at++;
        }
      }
    }
  }
}
for (const machine of machines) {
  // They were added instance by instance, so that those of one instance follow each other.
  machine.key = machine.memberships.map((m) => m.instance.index + "." + m.role.at).join(",");
  let row = 0, last = null;
  for (const m of machine.memberships) {
    row = m.instance === last ? row + 1 : 1;
    last = m.instance;
    last.widest = Math.max(last.widest, row);
  }
}

const findings = data.findings.map((f, index) => ({
  index, severity: f.s, code: f.c, message: f.m, hint: f.h || "", place: place(f.p), subject: f.subject || "", instance: instances[f.i] || null, role: f.r || "",
  machines: (f.ms || []).map((m) => machines[m]), setting: f.k || "", definitions: f.d || [],
  text: [f.s, f.c, f.m, f.h, f.subject, place(f.p)].join("\n").toLowerCase(),
}));
for (const f of findings) {
  for (const machine of f.machines) machine.findings.push(f);
  if (f.instance) {
    f.instance.findings.push(f);
    const role = f.instance.roles.find((r) => r.name === f.role);
    if (role) role.findings.push(f);
  }
}
const findingAt = (machine, instance) => worst(machine.findings.filter((f) => f.instance === instance));
const severities = ["error", "warning", "note"];
// worst is what people should look at; notes are shown and no more.
const worst = (list) => severities.slice(0, 2).find((s) => list.some((f) => f.severity === s)) || "";
findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || a.index - b.index);
const findingNumber = new Map(findings.map((f) => [f.index, f]));

machines.sort(byName);
const allInstances = [...instances].sort((a, b) =>
  collator.compare(a.service ? a.service.name : "", b.service ? b.service.name : "") || byName(a, b));
const classes = [...new Set(machines.map((m) => m.class))].filter(Boolean).sort();
const carried = new Map();
for (const m of machines) for (const t of m.tags) carried.set(t, (carried.get(t) || 0) + 1);
const tags = [...data.tags].sort(collator.compare);
// Tags that tell machines apart, before those that clan or everybody has.
const known = machines.filter((m) => !m.unknown).length;
const predefined = (t) => t === "all" || t === "nixos" || t === "darwin";
const telling = (names) => [...names.filter((t) => !predefined(t)), ...names.filter(predefined)];
for (const m of machines) m.telling = m.tags.filter((t) => !predefined(t) && carried.get(t) < known).sort((a, b) => carried.get(a) - carried.get(b) || collator.compare(a, b));
// The roles that take machines by a tag.
const takers = new Map(tags.map((t) => [t, []]));
for (const i of allInstances) for (const role of i.roles) for (const t of role.tags) takers.get(t.name).push({ role, place: t.place });

// Each role's name has its colour, the same everywhere, and here one or two letters of its own, the frequent ones first.
const roleMarks = new Map();
{
  const sizes = new Map();
  for (const i of instances) for (const r of i.roles) sizes.set(r.name, (sizes.get(r.name) || 0) + r.size + 1);
  const taken = new Set();
  const names = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || collator.compare(a, b));
  names.forEach((name, n) => {
    const letters = (name.match(/[\p{L}\p{N}]/gu) || ["?"]).map((c) => c.toUpperCase());
    const candidates = [letters[0], ...letters.slice(1).map((c) => letters[0] + c.toLowerCase())];
    const mark = candidates.find((c) => !taken.has(c)) || letters[0] + n;
    taken.add(mark);
    roleMarks.set(name, { mark, colour: "r" + data.colours[name], rank: n });
  });
}
