"""The window's screens, one module each or a few that belong together. They call `app.actions` and nothing below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["all_screens"]


def all_screens() -> Iterator[Any]:
    """A fresh screen of every kind."""
    from app.screens import (  # noqa: PLC0415 - Kivy is configured before
        backup,
        capture,
        home,
        polls,
        provers,
        proving,
        recovery,
        requests,
        settings,
        upgrade,
        vault,
        welcome,
    )

    for kind in (
        welcome.WelcomeScreen,
        vault.CreateScreen,
        vault.UnlockScreen,
        vault.RestoreScreen,
        provers.ProversScreen,
        home.HomeScreen,
        capture.CaptureScreen,
        proving.ProvingScreen,
        polls.PollsScreen,
        polls.PollScreen,
        polls.ReviewScreen,
        polls.ReceiptScreen,
        requests.RequestsScreen,
        requests.RequestScreen,
        requests.AnsweredScreen,
        backup.BackupScreen,
        backup.WordsScreen,
        recovery.RecoveryScreen,
        upgrade.UpgradeScreen,
        settings.SettingsScreen,
        settings.PassphraseScreen,
        settings.PrivacyScreen,
        settings.DeleteScreen,
        settings.AboutScreen,
    ):
        yield kind()
