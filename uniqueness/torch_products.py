"""`Products` by integer matrix products in torch, where torch is installed: it is not needed to run.

Three int8 products where the processor multiplies int8 (VNNI); elsewhere torch does those by a slow reference. There
whole turns are multiplied as numpy does, and for few rotations one product of int16, which wraps modulo 2^16 as the
ring does, is the fast way.
"""

from __future__ import annotations

import numpy as np
import torch

from uniqueness.linear import Arithmetic, Limbs, Ring, Turned, is_far, numpy_products, numpy_subset_sums, residues

__all__ = ["TORCH", "int8_products", "int16_products", "torch_products", "torch_subset_sums"]

_CACHED_ROWS = 128
"""Records whose int16 copy stays near the processor."""


def torch_products(records: Limbs, queries: Turned) -> Ring:
    """uint16[n, r]; see `uniqueness.linear`. Uses as many threads as torch was told."""
    if torch.cpu._is_vnni_supported():
        return int8_products(records, queries)
    return numpy_products(records, queries) if is_far(queries) else int16_products(records, queries)


def torch_subset_sums(rows: Limbs, chosen: Ring) -> Ring:
    """`linear.SubsetSums`; on processors that do not multiply int8, numpy's are the faster ones."""
    if not torch.cpu._is_vnni_supported():
        return numpy_subset_sums(rows, chosen)
    weights = torch.from_numpy(chosen.astype(np.int8))
    low, high = (torch._int_mm(weights, torch.from_numpy(part)) for part in (rows.low, rows.high))
    return (low + (high << 8)).numpy().astype(np.uint16)


def int8_products(records: Limbs, queries: Turned) -> Ring:
    """low low' + 256 (low high' + high low'), each a product of int8 with sums in int32."""
    asked = queries.limbs
    rows = len(asked)
    low, high = (torch.from_numpy(part).t() for part in (records.low, records.high))
    query_low = torch.from_numpy(asked.low)
    query = torch.cat([query_low, torch.from_numpy(asked.high)])
    with_low = torch._int_mm(query, low)  # (2r, n) int32
    crossed = with_low[rows:] + torch._int_mm(query_low, high)
    return np.ascontiguousarray((with_low[:rows] + (crossed << 8)).numpy().T).astype(np.uint16)


def int16_products(records: Limbs, queries: Turned) -> Ring:
    """One product of int16; the queries stand on the left, which is three times as fast as the other way round."""
    query = torch.from_numpy(residues(queries.limbs).view(np.int16))
    tile = np.empty((_CACHED_ROWS, records.low.shape[1]), np.int16)
    parts = []
    for at in range(0, len(records), _CACHED_ROWS):
        part = residues(records[at : at + _CACHED_ROWS], tile)
        parts.append(query @ torch.from_numpy(part.view(np.int16)).t())
    return np.ascontiguousarray(torch.cat(parts, dim=1).t()).view(np.uint16)


TORCH = Arithmetic(torch_products, torch_subset_sums)
