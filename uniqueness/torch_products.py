"""`Products` by three int8 matrix products in torch, where torch is installed: it is not needed to run."""

from __future__ import annotations

import numpy as np
import torch

from uniqueness.linear import Limbs, Ring

__all__ = ["torch_products"]


def torch_products(records: Limbs, queries: Limbs) -> Ring:
    """uint16[n, r]; see `uniqueness.linear`. Uses as many threads as torch was told."""
    rows = len(queries)
    low, high = (torch.from_numpy(part).t() for part in (records.low, records.high))
    query_low = torch.from_numpy(queries.low)
    query = torch.cat([query_low, torch.from_numpy(queries.high)])
    with_low = torch._int_mm(query, low)  # (2r, n) int32
    crossed = with_low[rows:] + torch._int_mm(query_low, high)
    return np.ascontiguousarray((with_low[:rows] + (crossed << 8)).numpy().T).astype(np.uint16)
