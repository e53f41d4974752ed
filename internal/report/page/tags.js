// Tags: which machines have each, and which roles take machines by it.
const namesShown = 12;

function names(list) {
  const host = h("span", { class: "many" }, list.slice(0, namesShown).map((m) => [machineLink(m), " "]));
  if (list.length > namesShown) {
    const more = h("button", { type: "button", class: "more" }, `and ${list.length - namesShown} more`);
    more.addEventListener("click", () => { more.replaceWith(...list.slice(namesShown).flatMap((m) => [machineLink(m), " "])); });
    put(host, more);
  }
  return list.length ? host : h("span", { class: "note" }, "no machine");
}

function tagsView(main) {
  const bar = filterBar(() => { keepAddress(); draw(); });
  const host = h("div");
  put(main, heading("Tags"), h("div", { class: "tools" }, bar.nodes, h("output", { class: "shown", id: "shown" })), host);
  let more;
  function draw() {
    bar.draw();
    const wanted = words();
    const { shown: ms } = chosen(false);
    const having = new Map(tags.map((t) => [t, []]));
    for (const m of ms) for (const t of m.tags) having.get(t).push(m);
    const text = (t) => ["@" + t, ...having.get(t).map((m) => m.name), ...takers.get(t).flatMap(({ role }) => [role.instance.name, role.name])].join("\n").toLowerCase();
    const shown = telling(tags).filter((t) => (!filtered() || having.get(t).length) && wanted.every((w) => text(t).includes(w)));
    const body = tbody();
    more = gradually(body, shown, (t) => tr([h("a", { href: fleetHref("tag", t) }, t), predefined(t) && h("span", { class: "note" }, " (clan's own)")],
      td("Machines", having.get(t).length > 0 && [h("span", { class: "note" }, count(having.get(t).length, "machine")), " "], names(having.get(t))),
      td("Taken by", takers.get(t).length ? h("ul", { class: "runs" }, takers.get(t).map(({ role, place }) => h("li", {}, h("a", { href: role.instance.href }, role.instance.name), " ", chip(role.name), " ", where(place)))) : h("span", { class: "note" }, "no role"))), 100);
    host.replaceChildren(table("list", "Tags, the machines that have them, and the roles that take machines by them", ["Tag", "Machines", "Taken by"], body), more.button);
    if (!shown.length) host.replaceChildren(nothing());
    byId("shown").textContent = shown.length === tags.length ? count(tags.length, "tag") : `${shown.length} of ${count(tags.length, "tag")}`;
    say(byId("shown").textContent);
  }
  draw();
  return { search: "Search tags", title: "Tags", update: draw, print: () => more.all() };
}
