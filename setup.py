"""What pyproject.toml cannot say: assets/ and weights/ are installed as packages."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["app", "app.*", "hands3c_core", "hands3c_core.*"]),
        "hands3c_assets",
        "hands3c_weights",
    ],
    package_dir={
        "hands3c_assets": "assets",
        "hands3c_weights": "weights",
    },
    package_data={
        "hands3c_assets": ["*", "hand/*", "live/*", "live/vendor/*"],
        "hands3c_weights": ["*"],
        "hands3c_core.ops": ["cpu/*.cpp", "cpu/*.h"],
    },
)
