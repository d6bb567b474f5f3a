"""Voices stay on their sockets in every order of unplugging and plugging in: `make soak`."""

import pytest
from comfy_page import complaints
from test_sockets_stay import HELPERS

pytestmark = pytest.mark.soak
ORDERS = """
const prefix = 'speaker_';
app.rootGraph.clear();
const node = add('MultiTalkAudioEncoder');
await wait();
const sources = {};
for (const number of numbers) sources[number] = add('MultiTalkDemo');
const plug = async number => {
  sources[number].connect(1, node, slot(node, prefix + number));
  await wait();
};
for (const number of numbers) await plug(number);
const wrong = [];
const check = (left, when) => {
  const found = JSON.stringify(linked(node)), expected = JSON.stringify(left);
  if (found !== expected) wrong.push(`${when}: ${found} and not ${expected}`);
};
const all = linked(node), left = { ...all };
for (const [out, back] of orders) {
  for (const number of out) {
    node.disconnectInput(slot(node, prefix + number));
    await wait();
    delete left[number];
    check(left, `${number} unplugged, of ${out}`);
  }
  let waiting = back;
  while (waiting.length) { // a socket is seen once the one before it is plugged in
    const number = waiting.find(each => slot(node, prefix + each) >= 0);
    await plug(number);
    left[number] = all[number];
    check(left, `${number} plugged in, of ${back}`);
    waiting = waiting.filter(each => each !== number);
  }
}
return wrong;
"""
SHUFFLED = """
let state = 1;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const shuffled = () => {
  const rest = [...numbers];
  return numbers.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]);
};
const orders = Array.from({ length: 15 }, () => [shuffled(), shuffled()]);
"""
EVERY = """
const permuted = given => given.length < 2 ? [given] : given.flatMap(first =>
  permuted(given.filter(each => each !== first)).map(rest => [first, ...rest]));
const orders = permuted(numbers).flatMap(out => permuted(numbers).map(back => [out, back]));
"""


@pytest.mark.parametrize("nodes_2", [False, True], ids=["classic", "nodes-2.0"])
@pytest.mark.parametrize(
    ("voices", "orders"), [(3, EVERY), (8, SHUFFLED)], ids=["every order of 3", "8 voices shuffled"]
)
def test_no_order_of_plugging_moves_a_voice(page, voices, orders, nodes_2):
    setting = "await app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)"
    page.evaluate(setting, on=nodes_2)
    complaints(page)
    numbers = list(range(1, voices + 1))
    assert page.evaluate(HELPERS + orders + ORDERS, numbers=numbers) == []
    page.evaluate(setting, on=False)
    assert complaints(page) == []
