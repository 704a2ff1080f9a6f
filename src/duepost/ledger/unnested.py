"""How do many rows reach one statement? As one array a column: `unnest($1::uuid[], $2::bigint[], …)`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import TableValuedAlias
from sqlalchemy.types import TypeEngine

Columns = Mapping[str, TypeEngine[Any]]


def unnested(name: str, columns: Columns) -> TableValuedAlias:
    """The columns as one table; the parameter of column `id` in table `told` is called `told_id`."""
    arrays = [bindparam(f"{name}_{key}", type_=ARRAY(kind)) for key, kind in columns.items()]
    fields = [column(key, kind) for key, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*fields, name=name).render_derived()
