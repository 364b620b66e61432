"""The report as an SVG: bars of times against ours, and recall against speed."""

import html
import math

WIDTH = 980
LEFT, RIGHT = 335, 245
LINE = 20
COLOURS = {"recollect": "#c2410c", "faiss": "#1d4ed8", "usearch": "#0f766e", "hnswlib": "#7c3aed",
           "sqlite": "#4b5563", "lancedb": "#a16207", "chroma": "#be185d", "qdrant": "#15803d"}


def report(tables):
    """All cases, one below the other."""
    parts, top = [], 20
    for result, table in tables:
        if not any(line["qps"] for line in table):
            continue
        draw = curves if result["case"].startswith("approximate") else bars
        part, height = draw(result["case"], table)
        parts.append(f'<g transform="translate(0 {top})">{part}</g>')
        top += height + 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
            f'viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="12">'
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n')


def colour(line):
    return next((value for key, value in COLOURS.items() if line["algorithm"].startswith(key)),
                "#000")


def text(x, y, words, anchor="start", weight="normal", fill="#111"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
            f'fill="{fill}">{html.escape(words)}</text>')


def segment(x1, y1, x2, y2, stroke="#ddd", width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
            f'stroke-width="{width}"/>')


def scale(values, low, high):
    """A logarithmic axis over whole powers of ten: where a value lies, and the powers."""
    first = math.floor(math.log10(min(values)) + 1e-9)
    last = max(first + 1, math.ceil(math.log10(max(values)) - 1e-9))

    def place(value):
        return low + (math.log10(value) - first) / (last - first) * (high - low)

    return place, [10.0 ** power for power in range(first, last + 1)]


def bars(case, table):
    """The time of a query of each contender, and beside it how many times ours that is."""
    place, powers = scale([line["p50"] for line in table if line["p50"]], LEFT, WIDTH - RIGHT)
    bottom = 24 + LINE * len(table)
    parts = [text(10, 12, f"{case}: milliseconds a query, median", weight="bold")]
    for power in powers:
        parts.append(segment(place(power), 20, place(power), bottom))
        parts.append(text(place(power), bottom + 14, f"{power:g}", "middle", fill="#666"))
    for number, line in enumerate(table):
        y = 24 + LINE * number
        name = f"{line['algorithm']} {line['parameters']}".strip()
        parts.append(text(LEFT - 8, y + 13, name[:50], "end"))
        if line["failure"]:
            parts.append(text(LEFT + 6, y + 13, "failed"))
            continue
        end = place(line["p50"])
        parts.append(f'<rect x="{LEFT}" y="{y + 3}" width="{max(1, end - LEFT):.1f}" height="13" '
                     f'fill="{colour(line)}"/>')
        parts.append(text(end + 6, y + 13, beside(line)))
    return "".join(parts), bottom + 20


def beside(line):
    if line["ratio_median"] is None:
        return f"{line['p50']:.3g} ms"
    words = (f"{line['p50']:.3g} ms, {line['ratio_median']:.3g} × "
             f"[{line['ratio_min']:.3g} … {line['ratio_max']:.3g}]")
    return words if line["recall"] >= 0.9999 else f"{words}, recall {line['recall']:.3f}"


def curves(case, table):
    """Recall from left to right, queries a second from below: up and right is better."""
    failed = sorted({line["algorithm"] for line in table if line["failure"]})
    table = [line for line in table if line["qps"]]
    height, low = 300, min(line["recall"] for line in table)
    low = min(0.95, math.floor(low * 20) / 20)
    up, powers = scale([line["qps"] for line in table], height, 30)

    def along(recall):
        return LEFT / 3 + (recall - low) / (1 - low) * (WIDTH - LEFT / 3 - 250)

    parts = [text(10, 12, f"{case}: queries a second against recall@10", weight="bold")]
    for power in powers:
        parts.append(segment(along(low), up(power), along(1), up(power)))
        parts.append(text(along(low) - 8, up(power) + 4, f"{power:,.0f}", "end", fill="#666"))
    for step in range(6):
        recall = low + (1 - low) * step / 5
        parts.append(segment(along(recall), 30, along(recall), height))
        parts.append(text(along(recall), height + 16, f"{recall:.2f}", "middle", fill="#666"))
    for number, name in enumerate(dict.fromkeys(line["algorithm"] for line in table)):
        of_one = sorted((line for line in table if line["algorithm"] == name),
                        key=lambda line: line["recall"])
        points = [(along(line["recall"]), up(line["qps"])) for line in of_one]
        stroke = colour(of_one[0])
        parts += [segment(*a, *b, stroke, 1.5) for a, b in zip(points, points[1:])]
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{stroke}"/>'
                  for x, y in points]
        parts.append(text(WIDTH - 215, 44 + LINE * number, name, fill=stroke, weight="bold"))
    if failed:
        parts.append(text(WIDTH - 215, height, f"failed in part: {', '.join(failed)}"))
    return "".join(parts), height + 24
