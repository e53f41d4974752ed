// One machine, and one membership.

const openUpTo = 8;

function membership(m, open) {
  const make = () => h("div", {}, prose(m.role.description), h("p", { class: "also" }, h("a", { href: m.instance.href }, `All of ${m.instance.name}`)),
    settingsTable(m.role, m.block, m.machine, `Settings of ${m.machine.name} as ${m.role.name} of ${m.instance.name}`));
  const box = lazy([h("h2", {}, m.instance.name, " ", chip(m.role.name)), " ",
    h("span", { class: "note" }, serviceText(m.instance.service), " · "), h("span", { class: "why" }, because(m, true)), writtenNote(m.block)], make, open);
  box.className = "card membership";
  return box;
}

// How much somebody wrote: what to look at first.
function writtenNote(block) {
  const rows = data.blocks[block] || [];
  const written = rows.filter((i) => isWritten(data.rows[i])).length;
  return rows.length > 0 && h("span", { class: "note" }, ` · ${written ? written : "none"} of ${count(rows.length, "setting")} written`);
}

const serviceText = (s) => (s ? (s.input ? `${s.name} from ${s.input}` : s.name) : "does not evaluate");

function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(([, v]) => v && (!Array.isArray(v) || v.length)).map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v))));
}

// The switch between all settings and those that somebody wrote.
function writtenSwitch(redraw) {
  const box = h("input", { type: "checkbox", id: "written", onchange: () => { state.written = box.checked; keepAddress(); redraw(); } });
  box.checked = state.written;
  return h("label", { class: "switch", for: "written" }, box, " Only what is written");
}

function machineView(main, name) {
  const machine = machines.find((m) => m.name === name);
  if (!machine) return missing(main, "machine", name);
  const deploy = Object.entries(machine.deploy).map(([k, v]) => h("code", { class: "pair" }, `${k} = ${valueText(v)}`));
  put(main, crumb("Fleet", "#/"), heading(machine.name, machine.class && h("span", { class: "badge" }, machine.class)),
    machine.description && h("p", { class: "lead" }, inline(machine.description)),
    machine.unknown && h("p", { class: "finding error" }, "Roles name this machine, but the clan has no machine of this name."),
    facts([["Tags", tagLinks(telling(machine.tags))], ["Deploy", deploy], ["Installed", machine.installed && new Date(machine.installed * 1000).toISOString().slice(0, 10)],
      ["Defined", where(machine.place)]]),
    findingsOf(machine.findings), settingsNote(machine.memberships.map((m) => m.role)), waysIn(machine));
  const shown = h("output", { class: "shown", id: "shown" });
  const box = h("div", { class: "cards" });
  const tail = h("div");
  put(main, h("div", { class: "tools" }, writtenSwitch(() => draw()), h("button", { type: "button", onclick: () => openAll(box) }, "Open all"), shown), box, tail);
  let more;
  function draw() {
    const wanted = words();
    const fits = (m) => !wanted.length || wanted.every((w) => (m.instance.text + "\n" + m.role.name.toLowerCase()).includes(w)) || (m.block >= 0 && rowsOfBlock(m.block).length > 0);
    const list = machine.memberships.filter(fits);
    box.replaceChildren();
    more = gradually(box, list, (m) => membership(m, list.length <= openUpTo || m.instance.name === state.at), 60);
    tail.replaceChildren(more.button);
    if (!machine.memberships.length) put(box, h("p", { class: "empty" }, "Nothing runs here."));
    else if (!list.length) put(box, nothing());
    shown.textContent = list.length === machine.memberships.length ? count(list.length, "role") : `${list.length} of ${count(machine.memberships.length, "role")}`;
    say(shown.textContent);
  }
  draw();
  return { search: `Search ${machine.name}`, title: machine.name, update: draw, print: () => { more.all(); openAll(box); }, at: state.at && (() => {
    const card = [...box.children].find((c, i) => machine.memberships[i] && machine.memberships[i].instance.name === state.at);
    return card && card.querySelector("summary");
  }) };
}

function openAll(box) {
  for (const d of box.querySelectorAll("details")) {
    if (d.fill) d.fill();
    d.open = true;
  }
}
