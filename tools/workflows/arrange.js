// Arranges the graph that is open in ComfyUI's page, in columns of groups, and returns it in both formats.
// Given: columns [[{title, width, nodes: [{id, height, models}]}]], note {text, width}.
const TITLE = 30, GAP = 30, PADDING = 20, HEADING = 50, COLUMN_GAP = 50;
const graph = app.rootGraph;

for (const node of graph.nodes)
  for (const widget of node.widgets ?? [])
    if (widget.name === 'control_after_generate') widget.value = 'fixed';

let left = note.width + 2 * PADDING + COLUMN_GAP;
for (const column of columns) {
  let top = 0;
  for (const { title, width, nodes } of column) {
    const frame = new LGraphGroup(title);
    let y = top + HEADING;
    for (const { id, height, models } of nodes) {
      const node = graph.getNodeById(id);
      y += TITLE;
      node.pos = [left + PADDING, y];
      node.setSize([width, node.computeSize()[1] + height]);
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

const canvasNote = LiteGraph.createNode('MarkdownNote');
graph.add(canvasNote);
canvasNote.title = 'Read me';
canvasNote.pos = [0, TITLE];
canvasNote.setSize([note.width, note.height]);
canvasNote.widgets[0].value = note.text;

const workflow = graph.serialize();
workflow.extra = { ds: { scale: 0.5, offset: [60, 120] } };
return { workflow, prompt: (await app.graphToPrompt()).output };
