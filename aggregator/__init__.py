"""Watch news on North Korean labour abroad and sanctions: nothing missed, nothing repeated, everything explained."""

__version__ = "0.1.0"
