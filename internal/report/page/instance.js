// One instance of a service, and the list of all.

function instanceView(main, name) {
  const instance = instances.find((i) => i.name === name);
  if (!instance) return missing(main, "instance", name);
  const s = instance.service;
  put(main, crumb("Services", "#/services"), heading(instance.name, s && h("span", { class: "badge" }, s.name)),
    s && s.description && h("p", { class: "lead" }, inline(s.description)),
    facts([["Module", s && serviceText(s)], ["Categories", s && s.categories.join(", ")], ["Machines", count(instance.members.size, "machine")], ["Defined", where(instance.place)],
      ["Also", s && s.instances.length > 1 && s.instances.filter((i) => i !== instance).map((i) => [h("a", { href: i.href }, i.name), " "])]]),
    findingsOf(instance.findings), settingsNote(instance.roles), offersOf(instance));
  const box = h("div", { class: "cards" });
  put(main, h("div", { class: "tools" }, writtenSwitch(() => draw()), h("button", { type: "button", onclick: () => openAll(box) }, "Open all"), h("output", { class: "shown", id: "shown" })), box);
  function draw() {
    box.replaceChildren(...instance.roles.map(roleCard));
    if (!instance.roles.length) put(box, h("p", { class: "empty" }, s ? "The instance mentions no role." : "The instance does not evaluate; the findings say why."));
    byId("shown").textContent = count(instance.roles.length, "role");
  }
  draw();
  return { search: `Search the settings of ${instance.name}`, title: instance.name, update: draw, print: () => openAll(box) };
}

function roleCard(role) {
  const members = machines.flatMap((m) => m.memberships.filter((x) => x.role === role));
  const settings = new Map();
  for (const m of members) {
    if (!settings.has(m.block)) settings.set(m.block, []);
    settings.get(m.block).push(m);
  }
  const blocks = [...settings].sort((a, b) => b[1].length - a[1].length);
  const few = blocks.length <= 4;
  const host = h("div");
  const more = gradually(host, blocks, ([block, of]) => {
    if (blocks.length === 1 && !(data.blocks[block] || []).length && block >= 0) return h("p", { class: "note" }, "No settings.");
    const title = blocks.length === 1 ? (members.length === 1 ? `Settings of ${of[0].machine.name}` : `Settings, the same for all`) : `Settings of ${of.length > 3 ? count(of.length, "machine") : of.map((m) => m.machine.name).join(", ")}`;
    return lazy(h("h3", {}, title), () => h("div", {},
      blocks.length > 1 && of.length > 3 && lazy("Which machines", () => h("p", { class: "many" }, of.map((m) => [machineLink(m.machine), " "]))),
      settingsTable(role, block, of[0].machine, title)), few);
  }, 40);
  return h("section", { class: "card role" }, h("h2", {}, chip(role.name), " ", h("span", { class: "note" }, count(members.length, "member"))),
    prose(role.description),
    facts([["Takes tags", role.tags.map((t) => [h("a", { class: "tag", href: fleetHref("tag", t.name) }, t.name), " ", where(t.place), " "])],
      ["Extra modules", role.extraModules && String(role.extraModules)], ["Defined", where(role.place)]]),
    members.length > 0 && lazy(h("h3", {}, "Members"), () => memberTable(members), members.length <= 12),
    host, more.button);
}

function memberTable(members) {
  const body = tbody();
  const more = gradually(body, members, (m) => tr(machineLink(m.machine), td("Because", because(m))), 200);
  return h("div", {}, table("members", "Members, and why", ["Machine", "Because"], body), more.button);
}

function servicesView(main) {
  const host = h("div");
  const bar = filterBar(() => { keepAddress(); draw(); });
  put(main, heading("Services"), h("div", { class: "tools" }, bar.nodes, h("output", { class: "shown", id: "shown" })), host);
  let more;
  function draw() {
    const wanted = words();
    bar.draw();
    const shown = (filtered() ? chosen(false).columns : allInstances).filter((i) => wanted.every((w) => i.text.includes(w) || (i.service && i.service.text.includes(w)) || [...i.members].some((m) => data.machines[m].n.toLowerCase().includes(w))));
    const body = tbody();
    more = gradually(body, shown, (i) => tr(h("a", { href: i.href, class: worst(i.findings) }, i.name),
      td("Service", i.service ? h("a", { href: fleetHref("service", i.service.name) }, i.service.name) : h("span", { class: "bad" }, "does not evaluate"), i.service && i.service.description && h("span", { class: "note line" }, inline(i.service.description))),
      td("From", i.service ? i.service.input || "nowhere" : ""),
      td("Roles", h("ul", { class: "runs" }, i.roles.map((r) => h("li", {}, chip(r.name), " ", h("span", { class: "note" }, String(r.size)))))),
      td("Machines", String(i.members.size))), 200);
    host.replaceChildren(table("list services", "Instances of services", ["Instance", "Service", "From", "Roles and members", "Machines"], body), more.button);
    if (!instances.length) host.replaceChildren(h("p", { class: "empty" }, "The clan has no instances of services."));
    else if (!shown.length) host.replaceChildren(nothing());
    byId("shown").textContent = shown.length === allInstances.length ? `${count(allInstances.length, "instance")} of ${count(services.length, "service")}` : `${shown.length} of ${count(allInstances.length, "instance")}`;
    say(byId("shown").textContent);
  }
  draw();
  return { search: "Search services", title: "Services", update: draw, print: () => more.all() };
}
