"""The peer: dlt's REST source into PostgreSQL, run by an environment of its own.

The same server, pages and lists; merged by key, as a copy that is kept must be, with
the fastest loader it has for PostgreSQL (CSV by COPY). It makes a table a list and
child tables of what is nested, keeps amounts as double precision, and no open balance.

It imports nothing of the product, whose packages its environment does not have.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

LISTS = {
    "Contacts": "ContactID",
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "Overpayments": "OverpaymentID",
    "Prepayments": "PrepaymentID",
    "Payments": "PaymentID",
}
PAGE = 1_000


def resources() -> list[dict[str, Any]]:
    """Declare the six lists, page by page."""
    return [
        {
            "name": name,
            "primary_key": key,
            "write_disposition": "merge",
            "endpoint": {
                "path": name,
                "params": {"pageSize": PAGE},
                "data_selector": name,
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "page_param": "page",
                    "total_path": "pagination.pageCount",
                },
            },
        }
        for name, key in LISTS.items()
    ]


def main() -> None:
    """Run once; print what it took and what landed as JSON."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    database_url = sys.stdin.readline().strip()
    source = rest_api_source(
        {
            "client": {"base_url": f"{url}/api.xro/2.0/"},
            "resources": resources(),
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name="peer",
        pipelines_dir=str(folder),
        destination=dlt.destinations.postgres(database_url),
        dataset_name="peer",
    )
    begin, wall = _cpu_s(), time.perf_counter()
    pipeline.run(source, loader_file_format="csv")
    found: dict[str, Any] = {
        "client_s": _cpu_s() - begin,
        "wall_s": time.perf_counter() - wall,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    with pipeline.sql_client() as client:
        rows = client.execute_sql(
            "SELECT currency_code, count(*), round(sum(total)::numeric * 100)::bigint, "
            "round(sum(amount_due)::numeric * 100)::bigint FROM invoices "
            "GROUP BY 1 ORDER BY 1"
        )
    found["invoices"] = {row[0]: list(row[1:]) for row in rows or []}
    print(json.dumps(found, default=int))


def _cpu_s() -> float:
    # What it starts counts as well, once it has ended.
    used = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
