// The fleet as a picture, drawn by Go.
const drawing = byId("drawing");

function pictureView(main) {
  const bar = filterBar(() => { keepAddress(); draw(); });
  const host = h("div", { id: "picture" });
  put(main, heading("Picture"), h("div", { class: "tools" }, bar.nodes, h("output", { class: "shown", id: "shown" })), host);
  host.append(drawing.content.cloneNode(true));
  const tools = pictureTools(host);
  function draw() {
    bar.draw();
    const wanted = words();
    const { shown, columns } = chosen(false);
    const machineNames = new Set(shown.map((m) => m.name)), instanceNames = new Set(columns.map((i) => i.name));
    // The box of every machine has no names: it stays where a line from it does.
    const named = (g, among) => (JSON.parse(g.dataset.names) || []).some((n) => among.has(n));
    const fits = (g) => named(g, g.id.startsWith("clan-g") ? machineNames : instanceNames) && wanted.every((w) => g.textContent.toLowerCase().includes(w));
    const n = tools.filter(filtered() || wanted.length ? fits : null);
    byId("shown").textContent = filtered() || wanted.length ? count(n, "box", "boxes") : "";
    say(byId("shown").textContent);
  }
  draw();
  return { search: "Search the picture", title: "Picture", update: draw };
}
