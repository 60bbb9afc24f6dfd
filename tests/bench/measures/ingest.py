"""What a message costs on its way in."""

from .context import Context
from .table import Row


def ingest(context: Context) -> list[Row]:
    context.say("ingest")
    result = context.result([context.program("ingest"), "--pin", str(context.sender)])
    names = {"plain": "octets in to log and judged, ns a message",
             "match": "… and each endpoint with a `match`, gathered",
             "tagged": "… and a tag added to each name"}
    rows = []
    allocations = 0
    for variant in result["variants"]:
        cost = variant["nanoseconds"]
        plain = variant["variant"] == "plain"
        allocations += variant["allocations"]
        rows.append(Row(names[variant["variant"]], "≤ 300" if plain else "-",
                        f"{cost['median']:.0f} [{cost['min']:.0f} … {cost['max']:.0f}]",
                        cost["median"] <= 300 if plain else None))
    rows.append(Row("… allocations in all of them", "0", f"{allocations}", allocations == 0))
    return rows
