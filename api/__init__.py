"""The program's edge: HTTP, command line, and the wiring of everything behind them."""
