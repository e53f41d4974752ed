// What services export: the ways to a machine, and what an instance offers to others. model.go's short names.

const sourceOf = (f) => [f.t, f.p && [" ", where(place(f.p))]];

function exportTable(caption, headings, rows) {
  const body = tbody();
  const more = gradually(body, rows, (row) => tr(row[0], row.slice(1).map((cell, i) => td(headings[i + 1], cell))), 200);
  return h("section", { class: "card" }, h("h2", {}, caption), table("members", caption, headings, body), more.button);
}

// The ways to a machine, in clan's own order.
function waysIn(machine) {
  const ways = data.machines[machine.index].ways || [];
  if (!data.exports || machine.unknown) return null;
  if (!ways.length) return h("section", { class: "card" }, h("h2", {}, "Ways in"), h("p", { class: "note" }, "Neither a targetHost nor a network reaches this machine."));
  return exportTable("Ways in", ["By", "Command", "Address from"], ways.map((w) => [
    w.n ? h("a", { href: "#/instance/" + encodeURIComponent(w.n) }, w.n) : "targetHost",
    [w.x || h("code", {}, w.c), w.u && h("span", { class: "note" }, " not tried: " + w.u)], sourceOf(w.f)]));
}

// What an instance offers, and what it reads of others.
function offersOf(instance) {
  const { offers = [], reads = [] } = data.instances[instance.index];
  return [offers.length > 0 && exportTable("Exports", ["Interface", "For", "Value", "From"], offers.map((o) => [o.n, o.s || "all", o.t, sourceOf(o.f)])),
    reads.length > 0 && h("p", { class: "note" }, `Reads what other services export: ${reads.join(", ")}.`)];
}
