"""WeasyPrint from the inside: the one place of the mail merge that uses what WeasyPrint and pydyf don't promise.

``engine`` lays a letter out and breaks a block's lines again with other words, ``easel`` draws what was laid out, part
by part, ``retype`` sets a line's other words without the line breaker, ``tagged`` and ``bound`` write a letter's own
tagged file. Versions are pinned, and a test fails when what is leaned on changes (tests/documents/test_mail_merge.py).
"""
