// Arranges the graph that is open in ComfyUI's page, in columns of groups, and returns it in both formats.
// Given: columns [[{title, width, note, nodes: [{id, height, models}]}]]; a note is null or {text, height}.
// And heights, by a node's id, that Nodes 2.0 needs.
// And app_mode, what App Mode shows: null or {inputs: [[id of a node, name of its widget]], outputs: [id of a node]}.
const TITLE = 30, GAP = 20, PADDING = 15, HEADING = 45, COLUMN_GAP = 30;
const OFFSET = [140, 130]; // of the page's bars; the graph is seen in a window of 1600 by 1000
const graph = app.rootGraph;

for (const node of graph.nodes)
  for (const widget of node.widgets ?? [])
    if (widget.name === 'control_after_generate') widget.value = 'fixed';

function write({ text, height }, left, top, width) {
  const note = LiteGraph.createNode('MarkdownNote');
  graph.add(note);
  note.title = 'Note';
  note.pos = [left, top];
  note.setSize([width, height]);
  note.widgets[0].value = text;
}

let left = 0;
for (const column of columns) {
  let top = 0;
  for (const { title, width, note, nodes } of column) {
    const frame = new LGraphGroup(title);
    let y = top + HEADING;
    if (note) {
      y += TITLE;
      write(note, left + PADDING, y, width);
      y += note.height + GAP;
    }
    for (const { id, height, models } of nodes) {
      const node = graph.getNodeById(id);
      y += TITLE;
      node.pos = [left + PADDING, y];
      node.setSize([width, Math.max(node.computeSize()[1] + height, heights[id])]);
      if (models.length) node.properties.models = models;
      y += node.size[1] + GAP;
    }
    frame.pos = [left, top];
    frame.size = [width + 2 * PADDING, y - GAP + PADDING - top];
    graph.add(frame);
    top = y - GAP + PADDING + COLUMN_GAP;
  }
  left += Math.max(...column.map(({ width }) => width)) + 2 * PADDING + COLUMN_GAP;
}

const workflow = graph.serialize();
workflow.id = '00000000-0000-0000-0000-000000000000'; // the page draws another each time
const ends = graph.groups.map(({ pos, size }) => [pos[0] + size[0] + OFFSET[0], pos[1] + size[1] + OFFSET[1]]);
const fits = Math.min(...ends.flatMap(([right, bottom]) => [1600 / right, 1000 / bottom]));
const scale = Math.max(0.6, Math.min(0.65, Math.floor(100 * fits) / 100)); // below, texts are hard to read
workflow.extra = { ds: { scale, offset: OFFSET }, ...(app_mode && { linearData: app_mode }) };
// As JSON: a debugger would return the page's own lists as objects.
return JSON.stringify({ workflow, prompt: (await app.graphToPrompt()).output });
