// Returns how high Nodes 2.0 draws each node of the open graph, by its id: often higher than the classic canvas.
// Given: sizes [{id, width, height}], the height beyond what a node's widgets need.
const TITLE = 30, MOST_FRAMES = 200;
const graph = app.rootGraph;
const draw = () => new Promise(requestAnimationFrame);
const use = (on) => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on);
const measure = () =>
  Object.fromEntries(
    sizes.map(({ id }) => {
      const element = document.querySelector(`[data-node-id='${id}']`);
      return [id, element && element.offsetHeight - TITLE];
    }),
  );

for (const { id, width, height } of sizes) {
  const node = graph.getNodeById(id);
  node.setSize([width, node.computeSize()[1] + height]);
}
const sized = graph.serialize();
await use(true);
await app.loadGraphData(sized, true, false); // what the classic canvas has drawn would be higher
let heights = {};
for (let still = 0, frames = 0; still < 10 || Object.values(heights).includes(null); frames++) {
  if (frames > MOST_FRAMES) throw new Error(`not drawn, or not yet: ${JSON.stringify(heights)}`);
  const before = JSON.stringify(heights);
  await draw();
  heights = measure();
  still = JSON.stringify(heights) === before ? still + 1 : 0;
}
const measured = app.rootGraph.serialize(); // with the values that nodes take from their pictures
await use(false);
await app.loadGraphData(measured, true, false);
return heights;
