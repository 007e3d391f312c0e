"""Quality: scorecards, service metrics and the ledger of outcomes."""
