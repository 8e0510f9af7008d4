"""The figures as a table for people and as a document for programs."""

from __future__ import annotations

from .rows import FLOOR, ROWS, Costs


def table(costs: dict[str, Costs], instructions: dict[str, int]) -> str:
    now, before = costs["now"], costs.get("before")
    head = ["packet", "ns", "least…most", "× floor"]
    if before:
        head += ["before", "ratio"]
    lines = [head + ["goal", ""]]
    for row in ROWS:
        if row.name not in now:
            continue
        samples = now.samples(row.name)
        line = [row.name, f"{now[row.name]:.0f}", f"{min(samples):.0f}…{max(samples):.0f}",
                f"{now[row.name] / now[FLOOR]:.2f}"]
        if before:
            line += [f"{before[row.name]:.0f}", f"{now[row.name] / before[row.name]:.2f}"] if row.is_shoals else ["", ""]
        lines.append(line + [row.goal, "" if not row.is_met else "met" if row.is_met(now) else "missed"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) + 2)]
    numbers = range(1, len(head))
    text = "\n".join("  ".join(
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)
    counted = ", ".join(f"{name} {count:,}" for name, count in instructions.items())
    return f"{text}\n\ninstructions of the program: {counted}"


def document(costs: dict[str, Costs], instructions: dict[str, int]) -> dict:
    return {
        "unit": "nanoseconds of CPU for a packet, the driver's part taken off",
        "instructions": instructions,
        "rows": [
            {"packet": row.name, "flows": row.flows, "goal": row.goal or None,
             "met": row.is_met(costs["now"]) if row.is_met else None,
             **{name: {"median": each[row.name], "samples": each.samples(row.name)} for name, each in costs.items()}}
            for row in ROWS if row.name in costs["now"]],
    }
