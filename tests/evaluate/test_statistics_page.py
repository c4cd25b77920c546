"""docs/statistics.md: its examples print what the page says."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from rlft.core.files import PACKAGE

PAGE = PACKAGE.parent / "docs" / "statistics.md"
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def test_each_example_prints_what_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```python") == 4
    scope: dict[str, Any] = {}
    for code, said in examples:
        with redirect_stdout(StringIO()) as printed:
            exec(compile(code, str(PAGE), "exec"), scope)
        assert printed.getvalue() == said
