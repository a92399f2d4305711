"""The example company: two years of invented books, the same for the same seed."""

from app.example.company import PROFILE, ExampleCompany

__all__ = ["PROFILE", "ExampleCompany"]
