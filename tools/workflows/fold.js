// Folds nodes of the open graph into one subgraph, drops all others, and returns the graph as a blueprint.
// Given: name; folded [id]; renamed {name of an input: name}; shown [{kind, title, input, name}], inputs to show.
const graph = app.rootGraph;
const { subgraph, node } = graph.convertToSubgraph(new Set(folded.map((id) => graph.getNodeById(id))));
const pause = () => new Promise((done) => setTimeout(done, 50)); // sockets are shown after a link

for (const input of [...subgraph.inputs])
  if (renamed[input.name]) subgraph.renameInput(input, renamed[input.name]);
  else subgraph.removeInput(input); // a widget that ComfyUI shows by itself
for (const { kind, title, input, name } of shown) {
  const inner = subgraph.nodes.find((each) => each.type === kind && (!title || each.title === title));
  const slot = inner.inputs.find((each) => each.name === input);
  subgraph.addInput(name, slot.type).connect(slot, inner);
  await pause();
}
for (const each of [...graph.nodes]) if (each !== node) graph.remove(each);
subgraph.name = node.title = name;
node.pos = [0, 0];
node.setSize([340, node.computeSize()[1]]);
await pause();
return JSON.stringify(graph.serialize());
