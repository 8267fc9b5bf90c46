"""The page of a run: one file that fetches nothing but the pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final
from urllib.parse import quote

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #888; --bad: #c33; --ink: #2a7; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.25rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.bad { color: var(--bad); } td img { height: 72px; border-radius: 4px; margin-right: 4px; }
svg { width: 180px; height: 44px; } small { color: var(--soft); }
"""


def page(results: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> str:
    """The page as HTML.

    Args:
        results: each clip's record.
        rows: each clip's row of ``summary.COLUMNS``, in the same order.
    """
    done = [(r, row) for r, row in zip(results, rows, strict=True) if row["state"] == "done"]
    failed = [row for row in rows if row["state"] != "done"]
    # The least certain first: those are what there is to look at.
    done.sort(key=lambda pair: (pair[1]["confidence"] is not None, pair[1]["confidence"] or 0.0))
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>Hands of {len(rows)} clips</title><style>{_STYLE}</style>",
        f"<h1>Hands of {len(rows)} clips</h1>",
        _figures(rows, failed),
    ]
    if failed:
        parts += ["<h2>Could not be processed</h2><table><tr><th>clip<th>why"]
        parts += [
            f"<tr><td>{_words(row['name'])}<br><small>{_words(row['path'])}</small>"
            f"<td class='bad'>{_words(row['reason'])}"
            for row in failed
        ]
        parts.append("</table>")
    if done:
        parts.append(
            "<h2>Clips, the least certain first</h2><table><tr><th>clip<th class='n'>frames"
            "<th class='n'>with hands<th>hands<th class='n'>confidence"
            "<th>through the clip<th>most and least certain"
        )
        parts += [_clip(result, row) for result, row in done]
        parts.append("</table>")
    return "\n".join(parts) + "\n"


def _figures(rows: Sequence[dict[str, Any]], failed: Sequence[dict[str, Any]]) -> str:
    def total(name: str) -> float:
        return sum(row[name] or 0 for row in rows)

    frames, hands = int(total("frames")), int(total("hand_frames"))
    sure = sum((row["confidence"] or 0.0) * (row["hand_frames"] or 0) for row in rows)
    share = 100.0 * total("frames_with_hands") / frames if frames else 0.0
    figures = {
        "clips done": f"{len(rows) - len(failed):,}",
        "failed": f"{len(failed):,}",
        "length": _length(total("seconds")),
        "frames": f"{frames:,}",
        "with a hand": f"{share:.1f} %",
        "hands": f"{hands:,}",
        "of them filled": f"{int(total('filled')):,}",
        "unsure": f"{int(total('unsure')):,}",
        "mean confidence": f"{sure / hands:.2f}" if hands else "none",
    }
    return "<dl>" + "".join(f"<div><dt>{k}<dd>{v}</div>" for k, v in figures.items()) + "</dl>"


def _clip(result: dict[str, Any], row: dict[str, Any]) -> str:
    place = f"clips/{quote(str(row['name']))}/"
    share = 100.0 * (row["frames_with_hands"] or 0) / max(1, row["frames"] or 0)
    hands = ", ".join(f"{hand['side']} {hand['frames']:,}" for hand in result.get("hands", []))
    sure = "" if row["confidence"] is None else f"{row['confidence']:.2f}"
    pictures = "".join(
        f"<a href='{place}{name}.jpg'><img loading='lazy' alt='{name}' src='{place}{name}.jpg'></a>"
        for name in ("best", "worst")
        if row["hand_frames"]
    )
    return (
        f"<tr><td>{_words(row['name'])}<br><small>{_length(row['seconds'] or 0.0)}, "
        f"{row['width']} x {row['height']}</small><td class='n'>{row['frames']:,}"
        f"<td class='n'>{share:.0f} %<td>{hands or 'none'}<td class='n'>{sure}"
        f"<td>{_curve(result.get('curve') or {})}<td>{pictures}"
    )


def _curve(curve: dict[str, Any]) -> str:
    """Hands a frame as steps, their confidence as a line."""
    counts, sure = curve.get("hands") or [], curve.get("confidence") or []
    if not counts:
        return ""
    width, most = max(1, len(counts) - 1), max(2.0, *counts)
    area = " ".join(f"{100 * k / width:.1f},{30 - 30 * n / most:.1f}" for k, n in enumerate(counts))
    lines, line = [], []
    for k, value in enumerate([*sure, None]):
        if value is not None:
            line.append(f"{100 * k / width:.1f},{30 - 30 * value:.1f}")
        elif line:
            lines.append(line)
            line = []
    drawn = "".join(
        f"<polyline points='{' '.join(points)}' fill='none' stroke='var(--ink)' "
        "stroke-width='1.5' vector-effect='non-scaling-stroke'/>"
        for points in lines
    )
    return (
        "<svg viewBox='0 -1 100 32' preserveAspectRatio='none'><title>hands (grey) and confidence"
        f"</title><polygon points='0,30 {area} 100,30' fill='var(--line)'/>{drawn}</svg>"
    )


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _words(text: Any) -> str:
    return escape(str(text or "").encode("utf-8", "replace").decode())
