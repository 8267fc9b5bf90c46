"""What pyproject.toml cannot say: where the installed packages lie in the checkout.

A wheel has two packages at top level: ``hands3c_core``, with ``assets/`` and ``weights/`` inside,
and ``hands3c_live``, which is ``app/`` under a name that is no other project's.
"""

from setuptools import find_packages, setup

#: Package of the wheel -> folder of the checkout, where they differ.
FOLDERS = {
    "hands3c_live": "app",
    "hands3c_core.shipped.assets": "assets",
    "hands3c_core.shipped.weights": "weights",
}

setup(
    packages=[
        *find_packages(include=["hands3c_core", "hands3c_core.*"]),
        "hands3c_live",
        *(f"hands3c_live.{name}" for name in find_packages("app")),
        "hands3c_core.shipped.assets",
        "hands3c_core.shipped.weights",
    ],
    package_dir=FOLDERS,
    package_data={
        "hands3c_core": ["py.typed"],
        "hands3c_live": ["py.typed", "translations/*", "icon_files/*"],
        "hands3c_core.shipped.assets": ["*", "hand/*", "live/*", "live/vendor/*"],
        "hands3c_core.shipped.weights": ["*"],
        "hands3c_core.ops": ["cpu/*.cpp", "cpu/*.h"],
    },
)
