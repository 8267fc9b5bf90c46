"""What HO-3D's official script says of a submission, in its words and units."""

from __future__ import annotations

from typing import Any, Final

#: Heading, key of the mean error (mm) and of the area under the curve; in the script's order.
_BLOCKS: Final = (
    ("3D KP", "mpjpe_mm", "auc_unaligned"),
    ("3D KP PROCRUSTES ALIGNED", "pa_mpjpe_mm", "auc"),
    ("3D KP SCALE-TRANSLATION ALIGNED", "scale_trans_mpjpe_mm", "auc_scale_trans"),
    ("3D MESH", "mpvpe_mm", "auc_vertices_unaligned"),
    ("3D MESH ALIGNED", "pa_mpvpe_mm", "auc_vertices"),
)
#: Threshold in mm, keys of the F-score without and with alignment.
_F_SCORES: Final = ((5, "f5_unaligned", "f5"), (15, "f15_unaligned", "f15"))


def official_lines(report: dict[str, Any]) -> list[str]:
    """The figures of a report of the protocol 'ho3d' as the benchmark's script prints them:
    centimetres, unaligned (the wrist at its given place), Procrustes and scale-translation.

    Args:
        report: of ``Evaluation.report``. Figures that it lacks are left out.
    """
    lines = []
    for heading, error, area in _BLOCKS:
        if report.get(error) is not None and report.get(area) is not None:
            lines.append(f"Evaluation {heading} results:")
            lines.append(f"auc={report[area]:.3f}, mean_kp3d_avg={report[error] / 10:.2f} cm")
    for threshold, plain, aligned in _F_SCORES:
        values = (report.get(plain), report.get(aligned))
        if None not in values:
            text = f"F@{threshold}mm={values[0]:.3f}, F_aligned@{threshold}mm={values[1]:.3f}"
            lines.append(text)
    return lines
