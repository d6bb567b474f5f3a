"""The diffusers host: everything that knows diffusers."""

import logging

# diffusers imports torchao where it is installed, and each of them warns of what no film needs.
for _name in ("torchao", "torch.utils._pytree", "diffusers.quantizers.torchao"):
    logging.getLogger(_name).setLevel(logging.ERROR)
