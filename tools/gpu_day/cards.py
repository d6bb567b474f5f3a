"""What cards can do, from their makers' sheets, and the shares of it that programs reach."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Card:
    """One GPU.

    Attributes
    ----------
    name : str
        Part of the name that torch reports.
    teraflops : float
        Of dense bfloat16 products with float32 sums, 10^12 a second.
    bandwidth : float
        Of its memory, 10^9 bytes a second.
    exponentials : float
        10^12 a second: 16 a clock and multiprocessor.
    products, attention : float
        Shares of `teraflops` that cuBLAS and fused attention reach; estimated.
    """

    name: str
    teraflops: float
    bandwidth: float
    exponentials: float
    products: float
    attention: float


CARDS = (
    Card(
        name="A100",
        teraflops=312,
        bandwidth=2039,
        exponentials=108 * 16 * 1.41e-3,
        products=0.80,
        attention=0.62,
    ),
    Card(
        name="H100",
        teraflops=989,
        bandwidth=3350,
        exponentials=132 * 16 * 1.755e-3,
        products=0.70,
        attention=0.60,
    ),
    Card(
        name="H200",
        teraflops=989,
        bandwidth=4800,
        exponentials=132 * 16 * 1.755e-3,
        products=0.70,
        attention=0.60,
    ),
    Card(
        name="4090",
        teraflops=165,
        bandwidth=1008,
        exponentials=128 * 16 * 2.52e-3,
        products=0.93,
        attention=0.94,
    ),
)
SHOWN = ("A100", "H100", "4090")


def card_named(name: str) -> Card | None:
    """The card of a name that torch reports, where its sheet is known."""
    return next((card for card in CARDS if card.name in name), None)
