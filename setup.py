"""What pyproject.toml cannot say of the package: assets/ lies beside the library here, and inside it when installed."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["demo*", "resnet_app*"]), "resnet_app.assets"],
    package_dir={"resnet_app.assets": "assets"},
)
