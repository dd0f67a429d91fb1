"""Confidence against accuracy, as a picture.

In: confidences and whether each was right. Out: an SVG. Never: a library, or more than one series.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

_BINS: Final = 10
_SIDE: Final = 240
_EDGE: Final = 36
_INK, _BAR, _IDEAL = "#1f2937", "#2563eb", "#9ca3af"


def calibration_svg(confidence: Sequence[float], right: Sequence[bool], title: str) -> str:
    """Draw a reliability diagram (DeGroot and Fienberg, 1983) with equal-width bins.

    Args:
        confidence: The largest probability of each row, 0 to 1.
        right: Whether that row's category was right.
        title: What was measured.
    """
    sure, hits = np.asarray(confidence), np.asarray(right)
    places = np.clip((sure * _BINS).astype(np.int64), 0, _BINS - 1)
    width = _SIDE / _BINS
    bars = []
    for place in range(_BINS):
        inside = places == place
        count = int(inside.sum())
        if count:
            share = float(hits[inside].mean())
            x, y = _EDGE + place * width, _EDGE + _SIDE * (1 - share)
            bars.append(
                f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{width - 2:.1f}" '
                f'height="{_SIDE * share:.1f}" fill="{_BAR}"><title>{count} rows, '
                f"{share:.3f} right</title></rect>"
            )
    ticks = [
        f'<text x="{_EDGE + _SIDE * tick:.0f}" y="{_EDGE + _SIDE + 14}" text-anchor="middle">'
        f'{tick:.1f}</text><text x="{_EDGE - 6}" y="{_EDGE + _SIDE * (1 - tick) + 4:.0f}" '
        f'text-anchor="end">{tick:.1f}</text>'
        for tick in (0.0, 0.5, 1.0)
    ]
    size = _SIDE + 2 * _EDGE
    end = _EDGE + _SIDE
    return "\n".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size + 8}" '
                f'width="{size}" height="{size + 8}" font-family="sans-serif" font-size="11" '
                f'fill="{_INK}" role="img" aria-label="{title}">'
            ),
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            f'<text x="{size / 2:.0f}" y="20" text-anchor="middle">{title}</text>',
            *bars,
            f'<path d="M{_EDGE} {_EDGE}V{end}H{end}" fill="none" stroke="{_INK}"/>',
            f'<path d="M{_EDGE} {end}L{end} {_EDGE}" stroke="{_IDEAL}" stroke-dasharray="4 4"/>',
            *ticks,
            (
                f'<text x="{size / 2:.0f}" y="{end + 30}" text-anchor="middle">confidence '
                "(bars: share of right answers)</text>"
            ),
            "</svg>",
            "",
        )
    )
