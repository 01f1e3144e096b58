"""Makes ``python -m workc`` the command line."""

from __future__ import annotations

from workc.cli.main import main

if __name__ == "__main__":
    main()
