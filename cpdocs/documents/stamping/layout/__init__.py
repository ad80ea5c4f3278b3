"""WeasyPrint from the inside: the one place of letter stamping that uses what WeasyPrint doesn't promise.

``engine`` lays a letter out and breaks a block's lines again with other words, ``easel`` draws what was laid out, part by part,
``retype`` sets a line's other words without the line breaker. The version is pinned, and a test fails when the functions that are
leaned on change (tests/documents/test_stamping.py).
"""
